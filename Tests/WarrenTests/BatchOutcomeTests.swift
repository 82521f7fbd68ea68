import Logging
import Messaging
import Synchronization
import Testing
import WorkerProtocol

@testable import Warren

struct BatchOutcomeTests {
    /// Runs one batch with an event for each body and returns the outcomes in their order.
    private static func run(
        _ type: any Function.Type,
        _ bodies: [String],
        deadline: ContinuousClock.Instant = .now + .seconds(60),
        stop: StopSignal = StopSignal()
    ) async throws -> [Outcome] {
        let runner = try await FunctionRunner(type)
        let batch = try bodies.enumerated().map { index, body in
            try TestInvocation.received(
                TestInvocation.bytes(Array(body.utf8), number: UInt64(index + 1), id: "event-\(index + 1)")
            )
        }
        var answers: [Int: [Outcome]] = [:]
        await runner.run(
            batch: batch,
            deadline: deadline,
            stop: stop,
            makeLogger: { _ in Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } },
            answer: { answers[$0, default: []].append($1.outcome) }
        )
        return try bodies.indices.map { index in
            #expect(answers[index]?.count == 1)
            return try #require(answers[index]?.first)
        }
    }

    private static func command(_ word: String) -> String { #"{"word":"\#(word)"}"# }

    private static func texts(_ outcome: Outcome) -> [String] {
        outcome.emitted.map { String(decoding: $0.payload, as: UTF8.self) }
    }

    @Test func `each event of a batch that returns is done, and emits what is its own`() async throws {
        let outcomes = try await Self.run(ObeyTogether.self, ["a", "b", "c"].map(Self.command))
        #expect(outcomes.map { $0.summary } == ["done", "done", "done"])
        #expect(outcomes.map(Self.texts) == [["3", #""event-1""#], ["3", #""event-2""#], ["3", #""event-3""#]])
        #expect(outcomes.map { $0.emitted.map { $0.causationID } }.last == ["event-3", "event-3"])
    }

    @Test func `only the events that the function failed fail, each by its own error`() async throws {
        let words = ["done", "later", "reject", "fail", "done", "fail-twice"]
        let outcomes = try await Self.run(ObeyTogether.self, words.map(Self.command))
        #expect(
            outcomes.map { $0.summary } == [
                "done", "later 3.0 seconds: busy", "rejected: no such order", "failed: the disk is full", "done",
                "failed: first",
            ]
        )
    }

    @Test(arguments: [
        ("throw", "failed: the network is down"), ("throw-later", "later 1.0 seconds: locked"),
    ])
    func `what a batch throws befalls the events that were not failed before`(
        word: String,
        summary: String
    ) async throws {
        let outcomes = try await Self.run(ObeyTogether.self, ["done", "reject", word].map(Self.command))
        #expect(outcomes.map { $0.summary } == [summary, "rejected: no such order", summary])
    }

    @Test func `an event that cannot be decoded is answered by itself and does not reach the function`() async throws {
        let outcomes = try await Self.run(ObeyTogether.self, [Self.command("a"), "{}", Self.command("b"), "["])
        #expect(outcomes.map { $0.summary }[..<3] == ["done", "undecodable: payload.word: missing", "done"])
        #expect(outcomes[3].summary.hasPrefix("undecodable: payload"))
        #expect(Self.texts(outcomes[0]).first == "2")
    }

    @Test func `a batch of which nothing can be decoded is not run`() async throws {
        let outcomes = try await Self.run(KeepItems.self, ["{}", ""])
        #expect(outcomes.allSatisfy { $0.summary.hasPrefix("undecodable") })
        #expect(KeepItems.kept.withLock { $0.allSatisfy { !$0.isEmpty } })
    }

    @Test func `after the end of the batch nothing changes any more`() async throws {
        #expect(try await Self.run(KeepItems.self, [Self.command("kept")]).map { $0.summary } == ["done"])
        let item = try #require(KeepItems.kept.withLock { $0.first?.first })
        item.fail(Rejected("too late"))
        #expect(item.failure == nil)
        #expect(throws: EmitError.invocationEnded) { try item.context.emit("late", 1) }
    }

    @Test func `after the deadline a thrown error is a timeout, and a failed event keeps its error`() async throws {
        let commands = ["done", "reject", "throw"].map(Self.command)
        let stop = StopSignal()
        stop.raise(.deadline)
        for outcomes in [
            try await Self.run(ObeyTogether.self, commands, deadline: .now),
            try await Self.run(ObeyTogether.self, commands, stop: stop),
        ] {
            let summary = "timed out: did not end within 1 min: the network is down"
            #expect(outcomes.map { $0.summary } == [summary, "rejected: no such order", summary])
        }
    }

    @Test func `a batch that returns after its deadline is done`() async throws {
        let outcomes = try await Self.run(ObeyTogether.self, [Self.command("done")], deadline: .now)
        #expect(outcomes.map { $0.summary } == ["done"])
    }

    @Test(arguments: [
        ("done", "done"), ("reject", "rejected: no such order"), ("throw", "failed: the network is down"),
        ("later", "later 3.0 seconds: busy"),
    ])
    func `a batch function that gets one event by itself has a batch of one`(
        word: String,
        summary: String
    ) async throws {
        let outcome = try await TestInvocation.run(ObeyTogether.self, Self.command(word))
        #expect(outcome.summary == summary)
        if word == "done" { #expect(Self.texts(outcome).first == "1") }
    }

    @Test func `called as a plain function, a batch function throws what its one event failed with`() async throws {
        let received = try TestInvocation.received(TestInvocation.bytes([]))
        func call(_ word: String) async throws {
            let origin = EventOrigin(received, envelope: nil)
            let state = InvocationState(origin, deadline: .now + .seconds(60), encoder: ObeyTogether.encoder) { _ in
                Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            }
            let event = Event(origin, payload: BatchCommand(word: word))
            try await ObeyTogether().handle(event, context: FunctionContext(state))
        }
        try await call("done")
        await #expect(throws: Rejected("no such order")) { try await call("reject") }
        await #expect(throws: Broken.self) { try await call("throw") }
    }
}
