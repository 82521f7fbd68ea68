/// The nodes of one broker, each with its own login and TLS: at least one, each named once.
///
/// A copy keeps the seed of the original, so that the connections of one process go through the nodes in one order
/// and can spread over them; see `AddressRotation`.
///
/// Where there is another node to go to, it pays to notice soon that one hangs: see `heartbeatOfSeveral`.
package struct AMQPAddresses: Sendable, CustomStringConvertible {
    package let all: [AMQPAddress]
    /// What makes the order of this process a random one among those of many hosts.
    let seed: UInt64

    /// Seconds between heartbeats with several addresses, unless an address states its own. A node that hangs is left
    /// after two missing ones, 4 s. RabbitMQ's guide (https://www.rabbitmq.com/docs/heartbeats) warns of false alarms
    /// below 5 s; here they cost a change of node and nothing else, and heartbeats have a thread that nothing blocks.
    static let heartbeatOfSeveral: Int32 = 2

    package init(_ first: AMQPAddress, _ others: [AMQPAddress] = [], seed: UInt64 = .random(in: 0 ... .max)) {
        var all = [first]
        for other in others where !all.contains(other) { all.append(other) }
        if all.count > 1 {
            for index in all.indices where !all[index].statesHeartbeat {
                all[index].heartbeat = Self.heartbeatOfSeveral
            }
        }
        self.all = all
        self.seed = seed
    }

    /// Reads addresses, one a text.
    package init(_ texts: [String]) throws(AMQPAddress.Problem) {
        var all: [AMQPAddress] = []
        for (index, text) in texts.enumerated() {
            do throws(AMQPAddress.Problem) {
                all.append(try AMQPAddress(text))
            } catch {
                // Which one it is must be told by its place: the text may hold a password.
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
