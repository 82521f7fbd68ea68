import BrokerConformance
import LocalBroker
import Messaging

/// A queue behind an exchange of its own, and the command with the options that lead there.
struct PublishBench {
    let sink: Sink
    let workshop: Workshop
    let seen: IntakeProbe.Subscription

    init() async throws {
        self.sink = try await Sink()
        self.workshop = try Workshop()
        let queue = "\(self.workshop.namespace).sink"
        try await self.sink.declare(queue: queue, boundTo: self.workshop.exchange, "order.#")
        self.seen = self.sink.drain(queue)
    }

    func publish(_ arguments: String..., input: String = "") async throws -> ObservedCommand.Output {
        try await self.publish(arguments, input: input)
    }

    func publish(_ arguments: [String], input: String) async throws -> ObservedCommand.Output {
        try await ObservedCommand.run(
            ["publish"] + arguments + ["--exchange", self.workshop.exchange],
            environment: ["WARREN_BROKER": self.sink.node.url],
            input: Array(input.utf8)
        )
    }

    func close() async { await self.sink.close() }

    func file(_ text: String) throws -> String {
        try self.workshop.write("../payload", Array(text.utf8))
        return "\(self.workshop.directory)/payload"
    }
}
