import Manifests
import Messaging
import SeededGeneration
import Testing

@testable import Processing

struct DecisionTests {
    private static let policy = RetryPolicy(
        maxAttempts: 3,
        backoff: Backoff(initial: .seconds(1), multiplier: 2, max: .seconds(60), jitter: 0),
        maxDeferrals: 2
    )
    private static let now: Int64 = 5000
    private static let failure = Failure.test
    private static let emitted = [EmittedEvent.test("a.b")]
    private static let limit = Failure(
        type: "TestError",
        message: "put off 2 times, which is the limit (retry.maxDeferrals): it failed"
    )

    struct Row: Sendable, CustomTestStringConvertible {
        let outcome: Outcome
        let history: AttemptHistory
        let settlement: Settlement
        var testDescription: String { "\(self.outcome.name) at \(self.history)" }
    }

    /// History before the run: attempt, deferrals, time of the first failure.
    private static func history(_ attempt: Int, _ deferrals: Int = 0, failed: Int64? = nil) -> AttemptHistory {
        AttemptHistory(attempt: attempt, deferrals: deferrals, firstFailedAt: failed)
    }

    private static func rows(_ outcome: Outcome, dead reason: DeadReason) -> [Row] {
        [
            Row(
                outcome: outcome,
                history: self.history(1, 1),
                settlement: .retry(after: .seconds(1), self.history(2, 1, failed: self.now), self.failure)
            ),
            Row(
                outcome: outcome,
                history: self.history(2, failed: 7),
                settlement: .retry(after: .seconds(2), self.history(3, failed: 7), self.failure)
            ),
            Row(
                outcome: outcome,
                history: self.history(3, failed: 7),
                settlement: .deadLetter(reason, self.history(3, failed: 7), self.failure)
            ),
            // The manifest has been edited meanwhile.
            Row(
                outcome: outcome,
                history: self.history(9),
                settlement: .deadLetter(reason, self.history(9, failed: self.now), self.failure)
            ),
        ]
    }

    private static func finalRows(_ outcome: Outcome, dead reason: DeadReason) -> [Row] {
        [1, 3].map { attempt in
            Row(
                outcome: outcome,
                history: self.history(attempt),
                settlement: .deadLetter(reason, self.history(attempt, failed: self.now), self.failure)
            )
        }
    }

    private static var table: [Row] {
        let later = Outcome.later(after: .seconds(30), self.failure)
        return self.rows(.failed(self.failure), dead: .exhausted)
            + self.rows(.timedOut(self.failure), dead: .timedOut)
            + self.rows(.crashed(self.failure), dead: .crashed)
            + self.finalRows(.rejected(self.failure), dead: .rejected)
            + self.finalRows(.undecodable(self.failure), dead: .undecodable)
            + [
                Row(
                    outcome: .done(emitted: self.emitted),
                    history: self.history(3, 2, failed: 7),
                    settlement: .acknowledge(emitting: self.emitted)
                ),
                Row(outcome: .done(emitted: []), history: self.history(1), settlement: .acknowledge(emitting: [])),
                Row(outcome: .skipped, history: self.history(2, failed: 7), settlement: .acknowledge(emitting: [])),
                // Putting off burns no attempt, not even the last.
                Row(
                    outcome: later,
                    history: self.history(3, 1),
                    settlement: .retry(after: .seconds(30), self.history(3, 2), self.failure)
                ),
                Row(
                    outcome: later,
                    history: self.history(1, 2),
                    settlement: .deadLetter(.exhausted, self.history(1, 2), self.limit)
                ),
            ]
    }

    @Test(arguments: table)
    func `each outcome has its settlement`(row: Row) {
        let settlement = decide(row.outcome, after: row.history, under: Self.policy, now: Self.now, random: 0)
        #expect(settlement == row.settlement)
    }

    @Test func `with no deferrals allowed the first wish for later is the last`() {
        var policy = Self.policy
        policy.maxDeferrals = 0
        let outcome = Outcome.later(after: .seconds(1), Self.failure)
        guard
            case .deadLetter(.exhausted, _, _) = decide(
                outcome,
                after: AttemptHistory(),
                under: policy,
                now: 0,
                random: 0
            )
        else {
            Issue.record("it was put off all the same")
            return
        }
    }

    @Test(arguments: [1.0, 1.5, 2, 10, 100])
    func `back-off never shrinks, is capped, and jitter only lengthens it`(multiplier: Double) {
        let backoff = Backoff(
            initial: .milliseconds(700),
            multiplier: multiplier,
            max: .seconds(3600),
            jitter: 0.5
        )
        var random = SeededGenerator(seed: 3)
        var previous = Duration.zero
        for attempt in 1...60 {
            let delay = backoff.delay(afterAttempt: attempt, random: 0)
            #expect(delay >= previous)
            #expect(delay >= .milliseconds(700) && delay <= .seconds(3600))
            previous = delay
            let jittered = backoff.delay(afterAttempt: attempt, random: .random(in: 0..<1, using: &random))
            #expect(jittered >= delay)
            #expect(jittered <= delay * 1.5)
        }
        #expect(multiplier == 1 || previous == .seconds(3600))
    }

    @Test(arguments: [(1, 200), (2, 400), (3, 800), (6, 5000), (10_000, 5000)])
    func `back-off is exact for round numbers`(attempt: Int, milliseconds: Int) {
        let backoff = Backoff(initial: .milliseconds(200), multiplier: 2, max: .seconds(5), jitter: 0.2)
        #expect(backoff.delay(afterAttempt: attempt, random: 0) == .milliseconds(milliseconds))
    }
}
