import EventLoops
import Manifests
import Messaging
import SeededGeneration
import Testing

@testable import Processing

struct BreakerTests {
    private static let policy = BreakerPolicy(failures: 3, window: .seconds(10), pause: .seconds(2))
    private static let start = SteadyInstant.now

    private static func at(_ seconds: Double) -> SteadyInstant { self.start + .seconds(seconds) }

    /// Lets workers die until it opens.
    private static func opened(_ policy: BreakerPolicy? = nil, at seconds: Double = 0) -> Breaker {
        var breaker = Breaker(policy)
        for _ in 0..<Breaker.deaths { _ = breaker.workerDied(at: Self.at(seconds)) }
        return breaker
    }

    @Test func `five deaths within a minute open it, whatever the manifest says`() {
        for policy in [nil, Self.policy] {
            var breaker = Breaker(policy)
            for second in 0..<4 { #expect(breaker.workerDied(at: Self.at(Double(second) * 15)) == .none) }
            #expect(breaker.state == .closed)
            #expect(breaker.workerDied(at: Self.at(60)) == .pause(policy?.pause ?? Breaker.firstPause))
            #expect(breaker.state == .open)
        }
    }

    @Test func `deaths that lie further apart than a minute do not count together`() {
        var breaker = Breaker(nil)
        for second in stride(from: 0.0, to: 1000, by: 15.1) {
            #expect(breaker.workerDied(at: Self.at(second)) == .none)
        }
        #expect(breaker.state == .closed)
    }

    @Test func `failures open it at the policy's number within its window`() {
        var breaker = Breaker(Self.policy)
        #expect(breaker.ended(.failure, at: Self.at(0)) == .none)
        #expect(breaker.ended(.failure, at: Self.at(1)) == .none)
        // The first one is older than the window.
        #expect(breaker.ended(.failure, at: Self.at(10.5)) == .none)
        #expect(breaker.ended(.failure, at: Self.at(10.9)) == .pause(.seconds(2)))
        #expect(breaker.state == .open)
    }

    @Test func `without a policy no number of failures opens it`() {
        var breaker = Breaker(nil)
        for _ in 0..<10_000 { #expect(breaker.ended(.failure, at: Self.at(0)) == .none) }
        #expect(breaker.state == .closed)
    }

    @Test func `a success among them lets failures and deaths begin to count anew`() {
        var breaker = Breaker(Self.policy)
        for _ in 0..<20 {
            for _ in 0..<2 { #expect(breaker.ended(.failure, at: Self.at(0)) == .none) }
            for _ in 0..<4 { #expect(breaker.workerDied(at: Self.at(0)) == .none) }
            #expect(breaker.ended(.success, at: Self.at(0)) == .none)
        }
        #expect(breaker.state == .closed)
    }

    @Test func `what is neutral neither opens it nor forgets the failures`() {
        var breaker = Breaker(Self.policy)
        _ = breaker.ended(.failure, at: Self.at(0))
        _ = breaker.ended(.failure, at: Self.at(0))
        for _ in 0..<10 { #expect(breaker.ended(.neutral, at: Self.at(0)) == .none) }
        #expect(breaker.ended(.failure, at: Self.at(0)) == .pause(.seconds(2)))
    }

    @Test func `while it is open more of the same changes nothing`() {
        var breaker = Self.opened(Self.policy)
        for _ in 0..<10 {
            #expect(breaker.workerDied(at: Self.at(1)) == .none)
            #expect(breaker.ended(.failure, at: Self.at(1)) == .none)
            #expect(breaker.ended(.neutral, at: Self.at(1)) == .none)
        }
        #expect(breaker.state == .open)
    }

    @Test func `what succeeds while it is open, begun before, closes it`() {
        var breaker = Self.opened()
        #expect(breaker.ended(.success, at: Self.at(1)) == .resume)
        #expect(breaker.state == .closed)
        #expect(breaker.ended(.success, at: Self.at(1)) == .none, "once")
    }

    @Test func `one death, or one failure where a policy counts them, while it probes opens it again`() {
        var breaker = Self.opened()
        breaker.pauseIsOver()
        #expect(breaker.state == .probing)
        #expect(breaker.workerDied(at: Self.at(1)) == .pause(Breaker.firstPause * 2))
        var other = Self.opened(Self.policy)
        other.pauseIsOver()
        #expect(other.ended(.failure, at: Self.at(1)) == .pause(.seconds(4)))
    }

    @Test func `a probe that succeeds closes it`() {
        var breaker = Self.opened(Self.policy)
        breaker.pauseIsOver()
        #expect(breaker.ended(.success, at: Self.at(1)) == .resume)
        #expect(breaker.state == .closed)
    }

    @Test(arguments: [nil, Self.policy])
    func `a probe that says nothing leaves the question to the next event`(policy: BreakerPolicy?) {
        var breaker = Self.opened(policy)
        breaker.pauseIsOver()
        for _ in 0..<10 { #expect(breaker.ended(.neutral, at: Self.at(1)) == .none) }
        #expect(breaker.state == .probing)
        #expect(breaker.workerDied(at: Self.at(1)) == .pause((policy?.pause ?? Breaker.firstPause) * 2))
    }

    @Test func `without a policy a probe that fails closes it: its worker has lived`() {
        var breaker = Self.opened()
        breaker.pauseIsOver()
        #expect(breaker.ended(.failure, at: Self.at(1)) == .resume)
    }

    @Test func `the end of a pause that was given up changes nothing`() {
        var breaker = Breaker(nil)
        breaker.pauseIsOver()
        #expect(breaker.state == .closed)
    }

    @Test func `each pause is twice the one before, five minutes at most, and a success begins anew`() {
        var breaker = Self.opened()
        var pauses: [Duration] = []
        for _ in 0..<10 {
            breaker.pauseIsOver()
            if case .pause(let pause) = breaker.workerDied(at: Self.at(1)) { pauses.append(pause) }
        }
        #expect(pauses == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map { .seconds($0) })
        _ = breaker.ended(.success, at: Self.at(1))
        for _ in 1..<Breaker.deaths { #expect(breaker.workerDied(at: Self.at(2)) == .none) }
        #expect(breaker.workerDied(at: Self.at(2)) == .pause(Breaker.firstPause))
    }

    @Test func `a manifest's pause that is longer than five minutes stays as it is`() {
        let policy = BreakerPolicy(failures: 1, window: .seconds(10), pause: .seconds(3600))
        var breaker = Breaker(policy)
        #expect(breaker.ended(.failure, at: Self.at(0)) == .pause(.seconds(3600)))
        breaker.pauseIsOver()
        #expect(breaker.ended(.failure, at: Self.at(0)) == .pause(.seconds(3600)))
    }

    @Test func `every outcome says what it says of the function's health`() {
        let failure = Failure(type: "T", message: "m")
        let signs: [(Outcome, Breaker.Sign)] = [
            (.done(emitted: []), .success), (.rejected(failure), .success), (.failed(failure), .failure),
            (.timedOut(failure), .failure), (.crashed(failure), .failure), (.undecodable(failure), .neutral),
            (.skipped, .neutral),
            (.later(after: .seconds(1), failure), .neutral),
        ]
        for (outcome, sign) in signs { #expect(Breaker.Sign(outcome) == sign, "\(outcome.name)") }
    }

    /// The failures and deaths since the last success, by the rules in words: what a breaker may open on.
    private struct Account {
        var failures: [SteadyInstant] = []
        var deaths: [SteadyInstant] = []
        var lastPause: Duration?

        mutating func forget() {
            self.failures = []
            self.deaths = []
        }
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `in any history it opens at its thresholds and no sooner, and pauses grow until a success`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let policy = seed % 2 == 0 ? Self.policy : nil
        let first = policy?.pause ?? Breaker.firstPause
        var breaker = Breaker(policy)
        var account = Account()
        var now = Self.start
        for _ in 0..<3000 {
            now += .milliseconds(Int.random(in: 0..<8000, using: &random))
            let before = breaker.state
            let action: Breaker.Action
            var isThreshold = false
            switch Int.random(in: 0..<20, using: &random) {
            case 0:
                action = breaker.ended(.success, at: now)
                #expect(breaker.state == .closed, "a success always closes it")
                account = Account()
            case 1..<3:
                action = breaker.ended(.neutral, at: now)
                #expect(action == .none && breaker.state == before, "it says nothing")
            case 3..<10:
                action = breaker.ended(.failure, at: now)
                if before == .closed, let policy {
                    account.failures.append(now)
                    isThreshold = account.failures.count { $0 >= now - policy.window } >= policy.failures
                } else {
                    isThreshold = before == .probing && policy != nil
                }
            case 10..<17:
                action = breaker.workerDied(at: now)
                if before == .closed { account.deaths.append(now) }
                isThreshold =
                    before == .probing
                    || before == .closed
                        && account.deaths.count { $0 >= now - Breaker.deathWindow } >= Breaker.deaths
            default:
                breaker.pauseIsOver()
                #expect(breaker.state == (before == .closed ? .closed : .probing))
                continue
            }
            switch action {
            case .none:
                #expect(breaker.state == before && !isThreshold)
            case .pause(let pause):
                #expect(before != .open && breaker.state == .open && isThreshold)
                let expected = account.lastPause.map { min($0 * 2, Breaker.longestPause) } ?? first
                #expect(pause == expected)
                account.lastPause = pause
                account.forget()
            case .resume:
                #expect(before != .closed && breaker.state == .closed)
                account = Account()
            }
        }
    }
}
