internal import Glibc

/// Checks whether a node accepts AMQP connections.
enum Readiness {
    /// Connects, sends the protocol header (AMQP 0-9-1, section 4.2.2) and reads the broker's `connection.start`.
    ///
    /// That frame carries the cluster's name, which begins like the node's: so another broker that has taken the port
    /// first is not mistaken for ours.
    static func answers(port: Int, nodeName: String) async -> Bool {
        let socket = Loopback.socket()
        guard socket >= 0 else { return false }
        defer { close(socket) }
        // On the loopback interface a connection is accepted or refused at once.
        guard Loopback.withAddress(port: port, { connect(socket, $0, $1) }) == 0 else { return false }
        let header: [UInt8] = Array("AMQP".utf8) + [0, 0, 9, 1]
        guard send(socket, header, header.count, Int32(MSG_NOSIGNAL)) == header.count else { return false }

        let name = Array(nodeName.prefix { $0 != "@" }.utf8) + [UInt8(ascii: "@")]
        var received: [UInt8] = []
        return await poll(every: .milliseconds(10), for: .seconds(1)) {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            received += buffer.prefix(max(0, count))
            return received.contains(name)
        }
    }
}
