import CCurl

/// The memory of one request that libcurl reads while it is under way: a list of headers and a body, both copied in, so
/// that they stay where they are until the transfer has ended. Used again for the next request.
///
/// Whoever has it calls `free`; its pointers are valid until the next `fill`, `shrink` or `free`.
struct RequestMemory {
    /// More than this is given back after a request.
    private static let kept = 64 << 10

    private var text: UnsafeMutableBufferPointer<CChar>?
    private var nodes: UnsafeMutableBufferPointer<curl_slist>?
    private var content: UnsafeMutableRawBufferPointer?
    private var headerCount = 0

    /// The first header; the others hang on it.
    var headers: UnsafePointer<curl_slist>? { self.headerCount == 0 ? nil : UnsafePointer(self.nodes?.baseAddress) }
    /// Never nil, because libcurl would read a body from standard input then.
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

    /// Gives back what a large request has left.
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
