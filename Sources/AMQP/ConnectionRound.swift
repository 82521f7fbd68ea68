import Messaging

/// One attempt to connect to any of the addresses: each is tried once, without a pause between them.
struct ConnectionRound: Sendable {
    let connection: ConnectionHandle
    /// Why the targets tried before this one could not be used.
    let skipped: [BrokerError]

    /// Resolves, connects and logs in. Blocks, so never on a loop that has something else to do.
    init(_ addresses: AMQPAddresses, in rotation: AddressRotation, named name: String) throws(BrokerError) {
        var errors: [BrokerError] = []
        for target in rotation.order(of: addresses.all.flatMap(ConnectionTarget.resolve)) {
            do throws(BrokerError) {
                self.connection = try ConnectionHandle(connectingTo: target, named: name)
                self.skipped = errors
                return
            } catch {
                errors.append(error)
            }
        }
        throw .ofAll(errors)
    }
}

extension BrokerError {
    /// Why a whole round failed, each reason once. The kind is `unreachable` if any node was unreachable, because that
    /// node may come back and accept the connection.
    static func ofAll(_ errors: [BrokerError]) -> BrokerError {
        var different: [BrokerError] = []
        for error in errors where !different.contains(error) { different.append(error) }
        if different.count == 1 { return different[0] }
        let kind = different.first { $0.kind == .unreachable }?.kind ?? different.first?.kind ?? .unreachable
        return BrokerError(
            kind,
            "none of the broker's addresses can be used: \(different.map(\.description).joined(separator: "; "))"
        )
    }
}
