import Glibc

/// An IPv4 address, such as 127.0.0.1.
struct IPv4Address: Sendable {
    /// In network byte order, as the kernel and DNS have it.
    private let address: in_addr

    /// Nil for text that is no address in four decimal numbers.
    init?(_ text: String) {
        var address = in_addr()
        guard inet_pton(AF_INET, text, &address) == 1 else { return nil }
        self.address = address
    }

    /// The four bytes of an A record.
    var bytes: [UInt8] {
        let number = UInt32(bigEndian: self.address.s_addr)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// A new socket that is bound to this address.
    ///
    /// - Parameter port: 0 for any free one.
    func boundSocket(_ type: __socket_type, port: UInt16) -> Int32 {
        let descriptor = socket(AF_INET, Int32(type.rawValue), 0)
        guard descriptor >= 0 else { EvilEndpoint.giveUp("socket") }
        // A test starts the server again on a port on which connections of the old one have not been forgotten.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr = self.address
        let status = name.withSocketAddress { bind(descriptor, $0, $1) }
        guard status == 0 else { EvilEndpoint.giveUp("bind to port \(port)") }
        return descriptor
    }

    /// The port to which a socket is bound.
    static func port(of descriptor: Int32) -> UInt16 {
        var name = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = name.withSocketAddress { pointer, _ in getsockname(descriptor, pointer, &size) }
        guard status == 0 else { EvilEndpoint.giveUp("getsockname") }
        return UInt16(bigEndian: name.sin_port)
    }
}

extension sockaddr_in {
    /// Lends this address to a call that takes addresses of any family.
    ///
    /// The pointer is to the caller's variable and must not outlive the body. `sockaddr` is the common beginning of all
    /// addresses, and no larger than this one.
    mutating func withSocketAddress<Result>(
        _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &self) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
