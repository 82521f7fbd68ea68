import AMQP
import LocalBroker
import Messaging

/// What is in the queues after everybody has gone.
enum LeftOver {
    private static let limit = Duration.seconds(5)

    /// Asks the broker for all its queues, and each queue for its messages.
    ///
    /// A queue without consumers has no unacknowledged messages: what its last one left behind is ready again by the
    /// time that the broker counts it no more. So the ready ones are all there are.
    static func count(on node: LocalBroker, _ broker: AMQPBroker) async throws -> [String: Int] {
        let list = try await node.control(["--silent", "list_queues", "--no-table-headers", "name"])
        let deadline = ContinuousClock.now + self.limit
        var counts: [String: Int] = [:]
        for queue in list.split(whereSeparator: \.isNewline).map(String.init) {
            var inspection = try await broker.inspect(queue: queue)
            while let found = inspection, found.consumers > 0 {
                guard .now < deadline else { throw DemoError("queue \(queue) still has consumers") }
                inspection = try await broker.inspect(queue: queue)
            }
            counts[queue] = inspection?.readyMessages ?? 0
        }
        guard !counts.isEmpty else { throw DemoError("the broker names no queues") }
        return counts
    }
}
