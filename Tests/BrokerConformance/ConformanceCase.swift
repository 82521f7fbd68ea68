internal import Messaging
internal import Testing

/// One thing that every broker has to do as RabbitMQ does it.
package struct ConformanceCase: Sendable, CustomTestStringConvertible {
    /// A sentence.
    package let name: String
    package let run: @Sendable (any BrokerUnderTest) async throws -> Void

    package var testDescription: String { self.name }

    init(_ name: String, _ run: @escaping @Sendable (any BrokerUnderTest) async throws -> Void) {
        self.name = name
        self.run = run
    }

    /// All cases. They share a broker and may run at the same time: every name is made for one run of one case.
    package static let all =
        Self.contents + Self.routing + Self.removals + Self.settlements + Self.subscriptions + Self.departures
        + Self.deadLetters
}

extension BrokerUnderTest {
    /// Asks until the broker's answer is the one expected: counts of a queue follow its changes a moment later.
    func readyMessages(in queue: String, become expected: Int) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(10)
        repeat {
            if try await self.broker.inspect(queue: queue)?.readyMessages == expected { return true }
        } while ContinuousClock.now < deadline
        return false
    }
}
