package import EventLoops

/// One POST request.
package struct HTTPRequest: Sendable {
    /// An id that the sender chooses. The answer has the same id.
    package let id: UInt64
    package let route: HTTPRoute
    package let headers: HeaderBlock
    package let body: ArraySlice<UInt8>
    /// How much of the answer's body is kept, in bytes.
    package let excerptLimit: Int
    /// The mailbox that gets the answer, together with the other answers of the same turn of the client.
    package let replyTo: Mailbox<[ClientReport]>

    package init(
        id: UInt64,
        route: HTTPRoute,
        headers: HeaderBlock,
        body: ArraySlice<UInt8>,
        excerptLimit: Int,
        replyTo: Mailbox<[ClientReport]>
    ) {
        self.id = id
        self.route = route
        self.headers = headers
        self.body = body
        self.excerptLimit = excerptLimit
        self.replyTo = replyTo
    }
}

/// Header fields in libcurl's format, each ending in NUL, in one block of memory.
package struct HeaderBlock: Sendable {
    package private(set) var bytes: [UInt8] = []
    package private(set) var count = 0

    package init() { self.bytes.reserveCapacity(512) }

    /// - Parameter value: a value that was checked or encoded. A control character in it becomes a space, so that no
    ///   value can begin another header field.
    package mutating func add(_ name: StaticString, _ value: some Sequence<UInt8>) {
        name.withUTF8Buffer { self.bytes.append(contentsOf: $0) }
        self.finish(value)
    }

    package mutating func add(_ name: StaticString, _ value: String) { self.add(name, value.utf8) }

    package mutating func add(name: String, _ value: String) {
        self.bytes.append(contentsOf: name.utf8)
        self.finish(value.utf8)
    }

    private mutating func finish(_ value: some Sequence<UInt8>) {
        self.bytes.append(UInt8(ascii: ":"))
        self.bytes.append(UInt8(ascii: " "))
        let start = self.bytes.count
        self.bytes.append(contentsOf: value)
        for index in start..<self.bytes.count where self.bytes[index] < 0x20 || self.bytes[index] == 0x7f {
            self.bytes[index] = 0x20
        }
        self.bytes.append(0)
        self.count += 1
    }
}
