import Glibc

/// A DNS server over UDP, which says of names what a file says.
struct NameServer {
    private let table: NameTable

    init(table: NameTable) { self.table = table }

    /// Serves until the process is killed.
    func serve(_ address: IPv4Address, port: UInt16) -> Never {
        let descriptor = address.boundSocket(SOCK_DGRAM, port: port)
        EvilEndpoint.announce(port: IPv4Address.port(of: descriptor))
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            var peer = sockaddr_in()
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let count = peer.withSocketAddress { pointer, _ in
                recvfrom(descriptor, &buffer, buffer.count, 0, pointer, &size)
            }
            guard count >= 0 else {
                if errno == EINTR { continue }
                EvilEndpoint.giveUp("recvfrom")
            }
            // What is no query gets no answer; a resolver asks again.
            guard let query = NameQuery(Array(buffer[..<count])), let reply = self.reply(to: query) else { continue }
            _ = peer.withSocketAddress { sendto(descriptor, reply, reply.count, 0, $0, $1) }
        }
    }

    /// Nil for no answer at all.
    private func reply(to query: NameQuery) -> [UInt8]? {
        switch self.table.answer(for: query.name) {
        case .never: nil
        case .unknown: query.reply(.unknownName)
        case .addresses(let addresses):
            // A name that is known may have nothing of the kind that is asked for.
            query.reply(.success, query.isForIPv4 ? addresses : [])
        }
    }
}
