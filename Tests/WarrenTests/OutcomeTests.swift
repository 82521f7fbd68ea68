import Messaging
import Testing
import Warren

@Suite struct OutcomeTests {
    @Test(
        "What a function does decides the outcome",
        arguments: [
            ("return", "done"), ("later", "later 3.0 seconds: busy"), ("earlier", "later 0.0 seconds: busy"),
            ("reject", "rejected: no such order"), ("fail", "failed: the disk is full"),
            ("cancel", "failed: CancellationError()"),
        ]
    )
    func outcomes(word: String, summary: String) async throws {
        #expect(try await TestInvocation.run(Obey.self, #"{"word":"\#(word)"}"#).summary == summary)
    }

    @Test func `a request to be run later tells its delay as people do`() {
        #expect("\(RetryLater(after: .milliseconds(1500), reason: "busy"))" == "busy (again after 1.5 s)")
    }

    @Test("A decoding error of the function's own doing is an ordinary failure")
    func ownDecodingError() async throws {
        let outcome = try await TestInvocation.run(Obey.self, #"{"word":"decode"}"#)
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.type == "DecodingError")
    }

    @Test("Any error after the deadline is a timeout", arguments: ["later", "reject", "fail", "cancel"])
    func late(word: String) async throws {
        let body = #"{"word":"\#(word)"}"#
        let passed = try await TestInvocation.run(Obey.self, body, deadline: .now)
        #expect(passed.summary.hasPrefix("timed out"))
        let stop = StopSignal()
        stop.raise(.deadline)
        #expect(try await TestInvocation.run(Obey.self, body, stop: stop).summary.hasPrefix("timed out"))
    }

    @Test("A function that returns after the deadline is done")
    func returnsLate() async throws {
        let outcome = try await TestInvocation.run(Obey.self, #"{"word":"return"}"#, deadline: .now)
        #expect(outcome.emitted.count == 1)
    }

    @Test("A long message is cut to 8 KiB between characters")
    func longMessage() async throws {
        let outcome = try await TestInvocation.run(Obey.self, #"{"word":"long"}"#)
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.type == "Broken")
        #expect(failure.message == String(repeating: "ü", count: 4096))
    }

    @Test("Of two reasons to stop the first one stays")
    func firstReason() {
        let stop = StopSignal()
        stop.raise(.host)
        stop.raise(.deadline)
        #expect(stop.reason == .host)
    }
}
