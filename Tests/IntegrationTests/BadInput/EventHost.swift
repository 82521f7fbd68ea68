import BrokerConformance
import LocalBroker
import Messaging
import Testing

/// A host for all bad events of a suite, and what comes out of it.
struct EventHost: Sendable {
    @TaskLocal static var current: EventHost?

    let workshop: Workshop
    let sink: Sink
    let command: ObservedCommand
    /// What `decode` emits when it has handled an event.
    let handled: IntakeProbe.Subscription
    let deadLetters: [BadEvent.Function: IntakeProbe.Subscription]

    private static func manifest(_ function: BadEvent.Function, _ handler: String) -> String {
        Workshop.manifest(
            function.rawValue,
            handler: handler,
            keys: "[\(function.rawValue).#]",
            more: "retry: { maxAttempts: 2, backoff: { initial: 100ms } }"
        )
    }

    static func start() async throws -> EventHost {
        let workshop = try Workshop()
        let sink = try await Sink()
        try workshop.install("orders")
        try workshop.write(
            "functions.yaml",
            Self.manifest(.decode, "orders/reserve-stock") + "---\n" + Self.manifest(.fail, "orders/charge-payment")
        )
        let queue = "\(workshop.namespace).handled"
        try await sink.declare(queue: queue, boundTo: workshop.exchange, "stock.reserved")
        let command = try workshop.host(sink.node.url, ["--json"])
        try await command.line("all functions are running")
        return EventHost(
            workshop: workshop,
            sink: sink,
            command: command,
            handled: sink.drain(queue),
            deadLetters: [
                .decode: sink.drain("\(workshop.namespace).decode.dead"),
                .fail: sink.drain("\(workshop.namespace).fail.dead"),
            ]
        )
    }

    /// Stops the host and draws up the account: every event came to exactly one end, no worker died, nothing is left.
    func finish() async throws {
        let output = try await self.command.stop()
        #expect(output.status == 0)
        #expect(!output.errorText.contains("a worker died"), "\(output.errorText)")
        #expect(!output.errorText.contains("unhealthy"), "\(output.errorText)")
        for queue in ["decode", "fail", "scheduled", "parked", "delay.00", "delay.01"] {
            try await self.sink.expectReady(0, in: ["\(self.workshop.namespace).\(queue)"])
        }
        for (function, reader) in self.deadLetters {
            let names = reader.seen.deliveries.compactMap { $0.text("case") }
            #expect(Set(names).count == reader.seen.deliveries.count, "no dead letter of \(function) came twice")
        }
        let orders = self.handled.seen.deliveries.map(\.text)
        #expect(Set(orders).count == orders.count, "no event was handled twice")
        await self.sink.close()
    }
}

/// Gives a suite its host.
struct EventHostTrait: SuiteTrait, TestScoping {
    @concurrent func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let host = try await EventHost.start()
        try await EventHost.$current.withValue(host) { try await function() }
        try await host.finish()
    }
}

extension Trait where Self == EventHostTrait {
    static var eventHost: EventHostTrait { EventHostTrait() }
}
