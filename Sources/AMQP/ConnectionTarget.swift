import Glibc

/// One endpoint to connect to: an address as given, or one of the IP addresses that its host name resolves to.
struct ConnectionTarget: Sendable, Equatable {
    let address: AMQPAddress
    /// What the socket is opened to: a numeric IP address, or the host name as given.
    let host: String
    /// An address family that the system prefers less (RFC 6724), tried after all others.
    var isFallback = false

    /// Resolves the address's host name. Blocks.
    ///
    /// librabbitmq resolves names itself, and goes on to the next record when one refuses the connection. But a record
    /// that does not answer uses up the whole timeout, and every connection goes to the first record.
    static func resolve(_ address: AMQPAddress) -> [ConnectionTarget] {
        let asNamed = [ConnectionTarget(address: address, host: address.host)]
        // librabbitmq verifies the certificate against the name that it connects to, so this name has to stay.
        guard address.tls == nil else { return asNamed }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_protocol = Int32(IPPROTO_TCP)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        // librabbitmq will fail in the same way, and has the error text for it.
        guard getaddrinfo(address.host, nil, &hints, &list) == 0 else { return asNamed }
        defer { freeaddrinfo(list) }
        var targets: [ConnectionTarget] = []
        let preferred = list?.pointee.ai_family
        for record in sequence(first: list, next: { $0?.pointee.ai_next }) {
            guard let record, let host = Self.number(of: record.pointee) else { break }
            guard !targets.contains(where: { $0.host == host }) else { continue }
            let isFallback = record.pointee.ai_family != preferred
            targets.append(ConnectionTarget(address: address, host: host, isFallback: isFallback))
        }
        return targets.isEmpty ? asNamed : targets
    }

    private static func number(of record: addrinfo) -> String? {
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let length = socklen_t(text.count)
        let code = getnameinfo(record.ai_addr, record.ai_addrlen, &text, length, nil, 0, NI_NUMERICHOST)
        return code == 0 ? String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }
}
