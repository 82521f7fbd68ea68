internal import Messaging
internal import Testing
internal import Waiting

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
    /// Waits until the broker counts so many: its counts follow what happens a moment later.
    func expectReady(_ count: Int, in queue: String) async throws {
        try await wait(for: "\(count) messages in \(queue)") {
            try await self.broker.inspect(queue: queue)?.readyMessages == count
        }
    }
}
