internal import Glibc

/// The three ports of a private node, all on 127.0.0.1.
struct NodePorts {
    let amqp: Int
    let distribution: Int
    let epmd: Int

    /// - Parameters:
    ///   - amqp: the AMQP port to use; `nil` for a free one.
    ///   - epmd: the port of an `epmd` that runs already; `nil` for a free one.
    static func choose(amqp wanted: Int?, epmd: Int? = nil) throws(LocalBrokerError) -> NodePorts {
        if let wanted, !Self.isFree(wanted) { throw .portInUse(wanted) }
        var free: Set<Int> = []
        for _ in 0..<200 where free.count < 3 {
            let candidate = Int.random(in: Self.range)
            if candidate != wanted, candidate != epmd, Self.isFree(candidate) { free.insert(candidate) }
        }
        let ports = Array(free)
        guard ports.count == 3 else { throw .noFreePort }
        return NodePorts(amqp: wanted ?? ports[0], distribution: ports[1], epmd: epmd ?? ports[2])
    }

    /// Below Linux's ephemeral ports, which begin at 32768. So while the node is down no outgoing connection is given
    /// its port, and a client that reconnects in a loop cannot end up connected to itself.
    private static let range = 20_000..<32_000

    private static func isFree(_ port: Int) -> Bool {
        let socket = Loopback.socket()
        guard socket >= 0 else { return false }
        defer { close(socket) }
        // Set as the broker sets it: connections of an earlier node in TIME_WAIT do not matter then.
        var reuse: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout.size(ofValue: reuse)))
        return Loopback.withAddress(port: port) { bind(socket, $0, $1) } == 0
    }
}
