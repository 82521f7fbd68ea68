import Messaging
import Testing
import Warren

@Suite struct OutcomeTests {
    @Test(
        arguments: [
            ("return", "done"), ("later", "later 3.0 seconds: busy"), ("earlier", "later 0.0 seconds: busy"),
            ("reject", "rejected: no such order"), ("fail", "failed: the disk is full"),
            ("cancel", "failed: CancellationError()"),
        ]
    )
    func `what a function does decides the outcome`(word: String, summary: String) async throws {
        #expect(try await TestInvocation.run(Obey.self, #"{"word":"\#(word)"}"#).summary == summary)
    }

    @Test func `a request to be run later tells its delay as people do`() {
        #expect("\(RetryLater(after: .milliseconds(1500), reason: "busy"))" == "busy (again after 1.5 s)")
    }

    @Test func `a decoding error of the function's own doing is an ordinary failure`() async throws {
        let outcome = try await TestInvocation.run(Obey.self, #"{"word":"decode"}"#)
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.type == "DecodingError")
    }

    @Test(
        arguments: [
            ("cancel", "did not end within 1 min", "TimedOut"),
            ("fail", "did not end within 1 min: the disk is full", "Broken"),
            ("later", "did not end within 1 min: busy", "RetryLater"),
            ("reject", "did not end within 1 min: no such order", "Rejected"),
        ]
    )
    func `any error after the deadline is a timeout, in words that say so`(
        word: String,
        message: String,
        type: String
    ) async throws {
        let body = #"{"word":"\#(word)"}"#
        let expected = Outcome.timedOut(Failure(type: type, message: message))
        // Its time is over, as it can see itself, or as it was told.
        #expect(try await TestInvocation.run(Obey.self, body, deadline: .now) == expected)
        let stop = StopSignal()
        stop.raise(.deadline)
        #expect(try await TestInvocation.run(Obey.self, body, stop: stop) == expected)
    }

    @Test func `a function that returns after the deadline is done`() async throws {
        let outcome = try await TestInvocation.run(Obey.self, #"{"word":"return"}"#, deadline: .now)
        #expect(outcome.emitted.count == 1)
    }

    @Test func `a long message is cut to 8 KiB between characters`() async throws {
        let outcome = try await TestInvocation.run(Obey.self, #"{"word":"long"}"#)
        guard case .failed(let failure) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(failure.type == "Broken")
        #expect(failure.message == String(repeating: "ü", count: 4096))
    }

    @Test func `of two reasons to stop the first one stays`() {
        let stop = StopSignal()
        stop.raise(.host)
        stop.raise(.deadline)
        #expect(stop.reason == .host)
    }
}
