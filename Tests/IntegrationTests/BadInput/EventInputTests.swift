import BrokerConformance
import LocalBroker
import Messaging
import Testing
import Waiting

/// A bad event is answered: handled, or a dead letter with its reason. The host and its workers go on.
@Suite(.eventHost, .hangGuard)
struct EventInputTests {
    @Test(arguments: BadEvent.all)
    func `a bad event ends where it should, and the next one is handled`(_ event: BadEvent) async throws {
        let host = try #require(EventHost.current)
        let publisher = try RawPublisher(host.sink.address)
        let message = event.message(in: host.workshop.namespace)
        if case .deadByBroker = event.end, try await host.sink.node.largestMessage() < message.body.count {
            let refusal = #expect(throws: RawPublisher.Refused.self) {
                try publisher.publish(message, to: event.key, of: host.workshop.exchange)
            }
            let words = refusal?.description ?? ""
            #expect(words.contains("PRECONDITION_FAILED - message size"), "the publisher heard '\(words)'")
            try await Self.handlesAnother(after: event, host, RawPublisher(host.sink.address))
            return
        }
        try publisher.publish(message, to: event.key, of: host.workshop.exchange)
        switch event.end {
        case .handled:
            try await Self.handled(event.name, by: host)
        case .dead(let reason, let error):
            let letter = try await Self.deadLetter(event, of: host)
            #expect(letter.text("warren-dead-reason") == reason)
            #expect(letter.text("warren-error")?.contains(error) == true, "\(letter.text("warren-error") ?? "")")
            #expect(letter.text("warren-function") == event.function.rawValue)
            #expect(Array(letter.body) == message.body)
            event.check(letter)
        case .deadByBroker:
            let letter = try await Self.deadLetter(event, of: host)
            #expect(letter.text("x-first-death-reason") == "rejected")
            #expect(letter.text("x-first-death-queue") == "\(host.workshop.namespace).decode")
            try await host.command.line("dead-lettered by the broker", "\"event\":\"\(event.name)\"", "over the limit")
        }
        try await Self.handlesAnother(after: event, host, publisher)
    }

    private static func handlesAnother(
        after event: BadEvent,
        _ host: EventHost,
        _ publisher: RawPublisher
    ) async throws {
        let good = BadEvent("good after \(event.name)", .decode, .handled) { _ in }
        try publisher.publish(good.message(), to: good.key, of: host.workshop.exchange)
        try await Self.handled(good.name, by: host)
    }

    private static func handled(_ order: String, by host: EventHost) async throws {
        _ = try await host.handled.first("emitted event of \(order)") { $0.text.contains("\"\(order)\"") }
    }

    private static func deadLetter(_ event: BadEvent, of host: EventHost) async throws -> Delivery {
        let reader = try #require(host.deadLetters[event.function])
        return try await reader.first("dead letter of \(event.name)") { $0.text("case") == event.name }
    }
}

extension LocalBroker {
    /// The longest body that the node takes from a publisher: 128 MiB in RabbitMQ 3.x, 16 MiB from 4.0 on.
    fileprivate func largestMessage() async throws -> Int {
        let output = try await self.control([
            "eval", "{ok, Size} = application:get_env(rabbit, max_message_size), Size.",
        ])
        return try #require(Int(output.filter { !$0.isWhitespace }), "rabbitmqctl answered '\(output)'")
    }
}

/// A copy that nobody takes is noticed, whatever its message id looks like.
@Suite(.hangGuard)
struct OddMessageIDTests {
    @Test(arguments: [[], [0xFF], [UInt8](repeating: 0xFF, count: 255), Array("ordinary".utf8)])
    func `a copy that is returned is known again by its message id`(_ id: [UInt8]) async throws {
        let sink = try await Sink()
        var raw = RawMessage()
        raw.messageID = id
        let bytes = raw.properties
        let layout = try PropertyLayout(bytes, ByteRange(start: 0, count: bytes.count))
        let copy = OutgoingMessage(
            exchange: "amq.topic",
            routingKey: "nobody.at.home",
            properties: layout.properties(in: bytes),
            headers: FieldTable(),
            body: []
        )
        #expect(await sink.broker.publish([copy]) == [.unroutable])
        await sink.close()
    }
}

/// Headers that leave no room for the runtime's own: the host cannot make a copy, so the broker moves the message.
@Suite(.hangGuard)
struct FullHeaderTests {
    @Test
    func `an event whose headers fill their frame is dead-lettered by the broker when it fails`() async throws {
        let workshop = try Workshop()
        let sink = try await Sink()
        try workshop.install("orders")
        try workshop.write(
            "functions.yaml",
            Workshop.manifest("fail", handler: "orders/charge-payment", keys: "[fail.#]")
        )
        let host = try workshop.host(sink.node.url)
        try await host.line("all functions are running")
        let event = BadEvent("full headers", .fail, .deadByBroker) {
            let large = RawMessage.long([UInt8](repeating: UInt8(ascii: "x"), count: 130_700))
            $0.headers = ($0.headers ?? []) + RawMessage.entry("large", "S", large)
        }
        try RawPublisher(sink.address).publish(event.message(), to: event.key, of: workshop.exchange)
        try await host.line("dead-lettered by the broker", "its headers leave no room", "event=full-headers")
        #expect(try await host.stop().status == 0)
        try await sink.expectReady(1, in: ["\(workshop.namespace).fail.dead"])
        try await sink.expectReady(0, in: ["\(workshop.namespace).fail"])
        _ = try await sink.drain("\(workshop.namespace).fail.dead").first("letter") { _ in true }
        await sink.close()
    }
}
