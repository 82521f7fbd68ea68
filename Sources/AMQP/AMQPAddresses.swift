/// The addresses of the nodes of one broker, each with its own login and TLS settings: at least one, without
/// duplicates.
///
/// A copy keeps the seed of the original, so all connections of one process try the nodes in the same order and can
/// spread over them; see `AddressRotation`.
///
/// With several nodes it pays to notice early that one hangs: see `heartbeatOfSeveral`.
package struct AMQPAddresses: Sendable, CustomStringConvertible {
    package let all: [AMQPAddress]
    /// Seed of the order in which this process tries the nodes: random, so hosts differ.
    let seed: UInt64

    /// Seconds between heartbeats when there are several addresses, unless an address sets its own. A connection leaves
    /// a node that hangs after two missed heartbeats, 4 s. RabbitMQ's guide (https://www.rabbitmq.com/docs/heartbeats)
    /// warns of false alarms below 5 s; here a false alarm costs only a change of node, and heartbeats are served by a
    /// thread that nothing blocks.
    static let heartbeatOfSeveral: Int32 = 2

    package init(_ first: AMQPAddress, _ others: [AMQPAddress] = [], seed: UInt64 = .random(in: 0 ... .max)) {
        var all = [first]
        for other in others where !all.contains(other) { all.append(other) }
        if all.count > 1 {
            for index in all.indices where !all[index].setsHeartbeat {
                all[index].heartbeat = Self.heartbeatOfSeveral
            }
        }
        self.all = all
        self.seed = seed
    }

    /// Reads one address from each text.
    package init(_ texts: [String]) throws(AMQPAddress.Problem) {
        var all: [AMQPAddress] = []
        for (index, text) in texts.enumerated() {
            do throws(AMQPAddress.Problem) {
                all.append(try AMQPAddress(text))
            } catch {
                // Identify the address by its position: its text may hold a password.
                throw texts.count == 1 ? error : .init(description: "address \(index + 1): \(error.description)")
            }
        }
        guard let first = all.first else { throw .init(description: "no broker address is given") }
        self.init(first, Array(all.dropFirst()))
    }

    /// Reads addresses separated by commas, with spaces around them allowed.
    package init(commaSeparated text: String) throws(AMQPAddress.Problem) {
        let texts = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        do throws(AMQPAddress.Problem) {
            try self.init(texts)
        } catch {
            guard texts.count > 1 else { throw error }
            throw .init(
                description: "\(error.description) (a comma separates addresses; write one within an address as %2C)"
            )
        }
    }

    /// The addresses without user and password.
    package var description: String { self.all.map(\.description).joined(separator: ", ") }
}
