import BrokerConformance
import Messaging
import Testing

/// A bad event is answered: handled, or a dead letter with its reason. The host and its workers go on.
@Suite(.eventHost, .timeLimit(.minutes(2)))
struct EventInputTests {
    @Test(arguments: BadEvent.all)
    func `a bad event ends where it should, and the next one is handled at once`(_ event: BadEvent) async throws {
        let host = try #require(EventHost.current)
        let publisher = try RawPublisher(host.sink.address)
        try publisher.publish(event.message, to: event.key, of: host.workshop.exchange)
        switch event.end {
        case .handled:
            try await Self.handled(event.name, by: host)
        case .dead(let reason, let error):
            let letter = try await Self.deadLetter(event, of: host)
            #expect(letter.text("warren-dead-reason") == reason)
            #expect(letter.text("warren-error")?.contains(error) == true, "\(letter.text("warren-error") ?? "")")
            #expect(letter.text("warren-function") == event.function.rawValue)
            #expect(Array(letter.body) == event.message.body)
            event.check(letter)
        case .deadByBroker:
            let letter = try await Self.deadLetter(event, of: host)
            #expect(letter.text("x-first-death-reason") == "rejected")
            #expect(letter.text("x-first-death-queue") == "\(host.workshop.namespace).decode")
            try await host.command.line("dead-lettered by the broker", "\"event\":\"\(event.name)\"", "over the limit")
        }
        let good = BadEvent("good after \(event.name)", .decode, .handled) { _ in }
        let begin = ContinuousClock.now
        try publisher.publish(good.message, to: good.key, of: host.workshop.exchange)
        try await Self.handled(good.name, by: host)
        #expect(ContinuousClock.now - begin < .seconds(5))
    }

    private static func handled(_ order: String, by host: EventHost) async throws {
        _ = try await host.handled.first("emitted event of \(order)") { $0.text.contains("\"\(order)\"") }
    }

    private static func deadLetter(_ event: BadEvent, of host: EventHost) async throws -> Delivery {
        let reader = try #require(host.deadLetters[event.function])
        return try await reader.first("dead letter of \(event.name)") { $0.text("case") == event.name }
    }
}
