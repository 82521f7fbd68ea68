import CCurl

/// The memory that libcurl reads during one request: a list of headers and a body. Both are copied in, so that their
/// addresses stay valid until the transfer has ended. Reused for the next request.
///
/// The owner must call `free`. The pointers are valid until the next `fill`, `shrink` or `free`.
struct RequestMemory {
    /// A larger body buffer is released after its request. In bytes.
    private static let kept = 64 << 10

    private var text: UnsafeMutableBufferPointer<CChar>?
    private var nodes: UnsafeMutableBufferPointer<curl_slist>?
    private var content: UnsafeMutableRawBufferPointer?
    private var headerCount = 0

    /// The first header, which links to the others.
    var headers: UnsafePointer<curl_slist>? { self.headerCount == 0 ? nil : UnsafePointer(self.nodes?.baseAddress) }
    /// The body. Never `nil`, because libcurl would then read the body from standard input.
    var body: UnsafeRawPointer? { UnsafeRawPointer(self.content?.baseAddress) }

    mutating func fill(_ headers: HeaderBlock, _ body: ArraySlice<UInt8>) {
        let text = self.text(atLeast: headers.bytes.count)
        let nodes = self.nodes(atLeast: headers.count)
        self.headerCount = headers.count
        headers.bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(text).copyMemory(from: $0) }
        var start = 0
        for index in 0..<headers.count {
            nodes[index].data = text.baseAddress.map { $0 + start }
            nodes[index].next = index + 1 < headers.count ? nodes.baseAddress.map { $0 + index + 1 } : nil
            while headers.bytes[start] != 0 { start += 1 }
            start += 1
        }
        let content = self.content(atLeast: max(1, body.count))
        body.withUnsafeBytes { content.copyMemory(from: $0) }
    }

    /// Releases the buffer of a large body.
    mutating func shrink() {
        guard let content = self.content, content.count > Self.kept else { return }
        content.deallocate()
        self.content = nil
    }

    mutating func free() {
        self.text?.deallocate()
        self.nodes?.deallocate()
        self.content?.deallocate()
        self = RequestMemory()
    }

    private mutating func text(atLeast count: Int) -> UnsafeMutableBufferPointer<CChar> {
        if let text = self.text, text.count >= count { return text }
        self.text?.deallocate()
        let text = UnsafeMutableBufferPointer<CChar>.allocate(capacity: count * 2)
        self.text = text
        return text
    }

    private mutating func nodes(atLeast count: Int) -> UnsafeMutableBufferPointer<curl_slist> {
        if let nodes = self.nodes, nodes.count >= count { return nodes }
        self.nodes?.deallocate()
        let nodes = UnsafeMutableBufferPointer<curl_slist>.allocate(capacity: count * 2)
        nodes.initialize(repeating: curl_slist())
        self.nodes = nodes
        return nodes
    }

    private mutating func content(atLeast count: Int) -> UnsafeMutableRawBufferPointer {
        if let content = self.content, content.count >= count { return content }
        self.content?.deallocate()
        let content = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        self.content = content
        return content
    }
}
