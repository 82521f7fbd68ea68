import Invoking
import Manifests
import Messaging
import Testing

@testable import Webhooks

/// Each thing that can happen to a webhook's deliveries, and what follows. Times are counted from `start`.
struct DispatchStateTests {
    private static let start = ContinuousClock.now
    private static let done = Outcome.done(emitted: [])
    private static let failed = Outcome.failed(Failure(type: "http_401", message: "no"))
    private static let noJSON = Undeliverable(reason: "no JSON")
    private static let long = DispatchState.quickEffort + 1
    private static let busy = Verdict.wait(.seconds(10), reason: "busy")

    private func at(_ seconds: Double) -> ContinuousClock.Instant { Self.start + .seconds(seconds) }

    private func answer(_ id: InvocationID, _ verdict: Verdict = .outcome(Self.done)) -> DispatchState.Answer {
        DispatchState.Answer(id: id, verdict: verdict, nanoseconds: 7)
    }

    private func result(_ id: InvocationID, _ outcome: Outcome = Self.done) -> InvocationResult {
        InvocationResult(id: id, outcome: outcome, nanoseconds: 7)
    }

    private func undecodable(_ id: InvocationID) -> InvocationResult {
        let outcome = Outcome.undecodable(Failure(type: "Undeliverable", message: "no JSON"))
        return InvocationResult(id: id, outcome: outcome, nanoseconds: 0)
    }

    private func noToken(_ id: InvocationID, _ reason: String) -> InvocationResult {
        let outcome = Outcome.failed(Failure(type: "oauth_error", message: reason))
        return InvocationResult(id: id, outcome: outcome, nanoseconds: 0)
    }

    /// A state to which these invocations have been given, and nothing has been sent.
    private func state(
        _ ids: ClosedRange<UInt64>? = nil,
        rate: String? = nil,
        usesTokens: Bool = false
    ) throws -> DispatchState {
        var state = DispatchState(pacing: try rate.map { Pacing(try DeliveryRate($0)) }, usesTokens: usesTokens)
        if let ids {
            for id in InvocationID.each(ids) { #expect(state.handle(.invoked(id, effort: 1000), at: Self.start) == []) }
        }
        return state
    }

    /// A state whose endpoint has just asked for ten seconds; one invocation has been sent before, and has no answer.
    private func paused() throws -> DispatchState {
        var state = try self.state(1...2)
        #expect(state.handle(.flush, at: self.at(0)) == [.send([1, 2], nil)])
        #expect(
            state.handle(.answered([self.answer(1, Self.busy)]), at: self.at(0)) == [
                .setPauseTimer(self.at(10)), .reportPaused(reason: "busy", until: self.at(10), notRun: [1]),
            ]
        )
        return state
    }

    // MARK: - Sending

    @Test func `what has been invoked is sent together, in its order, with the flush`() throws {
        var state = try self.state(1...3)
        #expect(state.handle(.flush, at: self.at(0)) == [.send([1, 2, 3], nil)])
        let before = state
        #expect(state.handle(.flush, at: self.at(1)) == [])
        #expect(state == before)
    }

    @Test func `an answer ends an invocation, and a second one to it, or one to what was not sent, is nothing`() throws
    {
        var state = try self.state(1...2)
        #expect(state.handle(.flush, at: self.at(0)) == [.send([1, 2], nil)])
        #expect(state.handle(.answered([self.answer(2)]), at: self.at(1)) == [.report([self.result(2)])])
        let before = state
        #expect(state.handle(.answered([self.answer(2), self.answer(77)]), at: self.at(1)) == [])
        #expect(state == before)
    }

    @Test func `what has not been sent can be withdrawn, and what has been cannot`() throws {
        var state = try self.state(1...2)
        #expect(state.handle(.flush, at: self.at(0)) == [.send([1, 2], nil)])
        for id in InvocationID.each(3...4) {
            #expect(state.handle(.invoked(id, effort: 1000), at: self.at(0)) == [])
        }
        #expect(state.withdraw() == [3, 4])
        #expect(state.withdraw() == [])
        #expect(state.handle(.flush, at: self.at(0)) == [])
        #expect(
            state.handle(.answered([self.answer(3), self.answer(1)]), at: self.at(1)) == [.report([self.result(1)])]
        )
    }

    @Test func `with a rate they go one by one, each with one timer before it`() throws {
        var state = try self.state(1...3, rate: "1/s")
        let wait = Duration.seconds(1) - Pacing.tolerance
        #expect(state.handle(.flush, at: self.at(0)) == [.setPacingTimer(wait), .send([1], nil)])
        #expect(state.handle(.flush, at: self.at(0.5)) == [], "there is a timer already")
        let first = state.handle(.pacingTimer, at: self.at(0) + wait)
        #expect(first == [.setPacingTimer(.seconds(1)), .send([2], nil)])
        #expect(state.withdraw() == [3])
        #expect(state.handle(.pacingTimer, at: self.at(2)) == [])
    }

    // MARK: - Composing

    @Test func `what takes long is composed beside, and sent when it is ready`() throws {
        var state = try self.state()
        for (id, effort) in [(1, Self.long), (2, 0), (3, Self.long)] as [(InvocationID, Int)] {
            _ = state.handle(.invoked(id, effort: effort), at: self.at(0))
        }
        #expect(state.handle(.flush, at: self.at(0)) == [.send([2], nil), .compose([1, 3], nil)])
        #expect(state.handle(.notComposed([1: Self.noJSON]), at: self.at(1)) == [.report([self.undecodable(1)])])
        #expect(state.handle(.composed([3]), at: self.at(1)) == [.sendComposed([3])])
        #expect(state.handle(.composed([3]), at: self.at(1)) == [], "it has been sent")
        #expect(state.handle(.answered([self.answer(3)]), at: self.at(2)) == [.report([self.result(3)])])
    }

    @Test func `no more is composed on the loop at a time than of one, and the rest beside`() throws {
        var state = try self.state()
        let part = DispatchState.quickEffort / 4
        for id in InvocationID.each(1...6) { _ = state.handle(.invoked(id, effort: part), at: self.at(0)) }
        #expect(state.handle(.flush, at: self.at(0)) == [.send([1, 2, 3, 4], nil), .compose([5, 6], nil)])
        _ = state.handle(.invoked(7, effort: DispatchState.quickEffort), at: self.at(0))
        #expect(state.handle(.flush, at: self.at(0)) == [.send([7], nil)])
    }

    @Test func `what is being composed can be withdrawn, and is not sent then`() throws {
        var state = try self.state()
        for (id, effort) in [(1, Self.long), (2, 0), (3, Self.long)] as [(InvocationID, Int)] {
            _ = state.handle(.invoked(id, effort: effort), at: self.at(0))
        }
        _ = state.handle(.flush, at: self.at(0))
        _ = state.handle(.invoked(4, effort: 0), at: self.at(0))
        #expect(state.withdraw() == [1, 3, 4])
        #expect(state.handle(.composed([1]), at: self.at(1)) == [])
        #expect(state.handle(.notComposed([3: Self.noJSON]), at: self.at(1)) == [])
        #expect(state.handle(.answered([self.answer(2)]), at: self.at(1)) == [.report([self.result(2)])])
    }

    @Test func `what is ready in a pause is not sent, and is composed again after it`() throws {
        var state = try self.state()
        for (id, effort) in [(1, 0), (2, Self.long)] as [(InvocationID, Int)] {
            _ = state.handle(.invoked(id, effort: effort), at: self.at(0))
        }
        #expect(state.handle(.flush, at: self.at(0)) == [.send([1], nil), .compose([2], nil)])
        _ = state.handle(.answered([self.answer(1, Self.busy)]), at: self.at(0))
        #expect(state.handle(.composed([2]), at: self.at(1)) == [])
        let resumed = state.handle(.pauseTimer, at: self.at(10))
        #expect(resumed == [.setPauseTimer(nil), .reportReady, .compose([2], nil)])
        #expect(state.handle(.composed([2]), at: self.at(11)) == [.sendComposed([2])])
    }

    @Test func `of what has been composed throughout a pause one is sent, and the others begin anew`() throws {
        var state = try self.state()
        _ = state.handle(.invoked(1, effort: 0), at: self.at(0))
        for id in InvocationID.each(2...3) { _ = state.handle(.invoked(id, effort: Self.long), at: self.at(0)) }
        _ = state.handle(.flush, at: self.at(0))
        _ = state.handle(.answered([self.answer(1, Self.busy)]), at: self.at(0))
        #expect(state.handle(.pauseTimer, at: self.at(10)) == [.setPauseTimer(nil), .reportReady])
        #expect(state.handle(.composed([2, 3]), at: self.at(11)) == [.sendComposed([2])])
        let answered = state.handle(.answered([self.answer(2)]), at: self.at(12))
        #expect(answered == [.report([self.result(2)]), .compose([3], nil)])
    }

    @Test func `the one request after a pause is one, composed or being composed`() throws {
        var state = try self.paused()
        _ = state.handle(.answered([self.answer(2)]), at: self.at(1))
        for id in InvocationID.each(3...4) { _ = state.handle(.invoked(id, effort: Self.long), at: self.at(1)) }
        #expect(state.handle(.pauseTimer, at: self.at(10)).last == .compose([3], nil))
        #expect(state.handle(.flush, at: self.at(10)) == [])
        #expect(state.handle(.composed([3]), at: self.at(11)) == [.sendComposed([3])])
        #expect(state.handle(.answered([self.answer(3)]), at: self.at(12)).last == .compose([4], nil))
    }

    @Test func `with a rate one is composed when its turn has come, and counts when it is sent`() throws {
        var state = try self.state(rate: "1/s")
        for id in InvocationID.each(1...3) { _ = state.handle(.invoked(id, effort: Self.long), at: self.at(0)) }
        #expect(state.handle(.flush, at: self.at(0)) == [.compose([1], nil)])
        #expect(state.handle(.flush, at: self.at(5)) == [], "one at a time")
        let wait = Duration.seconds(1) - Pacing.tolerance
        #expect(state.handle(.composed([1]), at: self.at(5)) == [.sendComposed([1]), .setPacingTimer(wait)])
        #expect(state.handle(.pacingTimer, at: self.at(6)) == [.compose([2], nil)])
        #expect(state.handle(.notComposed([2: Self.noJSON]), at: self.at(6)).last == .compose([3], nil))
    }

    @Test func `a host that ends answers for what is being composed`() throws {
        var state = try self.state(rate: "1/s")
        _ = state.handle(.invoked(1, effort: Self.long), at: self.at(0))
        _ = state.handle(.flush, at: self.at(0))
        _ = state.handle(.invoked(2, effort: 0), at: self.at(0))
        let actions = state.handle(.answered([self.answer(1, .outcome(Self.failed))]), at: self.at(1))
        #expect(actions == [.report([self.result(1, Self.failed)]), .send([2], nil)])
    }

    // MARK: - Tokens

    @Test func `the first invocation fetches a token, and all wait for it`() throws {
        var state = try self.state(1...2, usesTokens: true)
        #expect(state.handle(.flush, at: self.at(0)) == [.fetchToken])
        #expect(state.handle(.flush, at: self.at(1)) == [])
        let grant = TokenGrant(token: "t-1", lifetime: .seconds(60))
        #expect(state.handle(.tokenGranted(grant), at: self.at(2)) == [.send([1, 2], "t-1")])
        #expect(state.handle(.invoked(3, effort: 1000), at: self.at(3)) == [])
        #expect(state.handle(.flush, at: self.at(3)) == [.send([3], "t-1")])
        #expect(state.handle(.invoked(4, effort: 1000), at: self.at(60)) == [])
        #expect(state.handle(.flush, at: self.at(60)) == [.fetchToken], "its time is over")
    }

    @Test func `without a token what waits fails, and the next flush asks again only after a while`() throws {
        var state = try self.state(1...2, usesTokens: true)
        #expect(state.handle(.flush, at: self.at(0)) == [.fetchToken])
        let failures: [DispatchState.Action] = [.flushAgain, .report([self.noToken(1, "no"), self.noToken(2, "no")])]
        #expect(state.handle(.tokenRefused(reason: "no"), at: self.at(0)) == failures)
        #expect(state.handle(.invoked(3, effort: 1000), at: self.at(0.5)) == [])
        #expect(state.handle(.flush, at: self.at(0.5)) == [.flushAgain, .report([self.noToken(3, "no")])])
        #expect(state.handle(.invoked(4, effort: 1000), at: self.at(2)) == [])
        #expect(state.handle(.flush, at: self.at(2)) == [.fetchToken])
    }

    @Test func `a refused token is replaced once for an invocation, which goes before what waits`() throws {
        var state = try self.state(1...1, usesTokens: true)
        _ = state.handle(.flush, at: self.at(0))
        _ = state.handle(.tokenGranted(TokenGrant(token: "t-1", lifetime: nil)), at: self.at(0))
        _ = state.handle(.invoked(2, effort: 1000), at: self.at(1))
        let refused = self.answer(1, .unauthorized(Self.failed))
        #expect(state.handle(.answered([refused]), at: self.at(1)) == [.fetchToken])
        let grant = TokenGrant(token: "t-2", lifetime: nil)
        #expect(state.handle(.tokenGranted(grant), at: self.at(2)) == [.send([1, 2], "t-2")])
        #expect(state.handle(.answered([refused]), at: self.at(3)) == [.report([self.result(1, Self.failed)])])
    }

    // MARK: - Pauses

    @Test func `in a pause nothing is sent, and one request shows whether it is over`() throws {
        var state = try self.paused()
        for id in InvocationID.each(3...5) { _ = state.handle(.invoked(id, effort: 1000), at: self.at(1)) }
        #expect(state.handle(.flush, at: self.at(1)) == [])
        #expect(state.handle(.answered([self.answer(2)]), at: self.at(2)) == [.report([self.result(2)])])
        #expect(state.handle(.flush, at: self.at(2)) == [], "what was under way before says nothing")
        #expect(
            state.handle(.pauseTimer, at: self.at(10)) == [.setPauseTimer(nil), .reportReady, .send([3], nil)]
        )
        #expect(state.handle(.flush, at: self.at(10)) == [])
        let answered = state.handle(.answered([self.answer(3)]), at: self.at(11))
        #expect(answered == [.report([self.result(3)]), .send([4, 5], nil)])
    }

    @Test func `what is under way from before a pause holds the one request up`() throws {
        var state = try self.paused()
        _ = state.handle(.invoked(3, effort: 1000), at: self.at(1))
        #expect(state.handle(.pauseTimer, at: self.at(10)) == [.setPauseTimer(nil), .reportReady])
        let answered = state.handle(.answered([self.answer(2)]), at: self.at(11))
        #expect(answered == [.report([self.result(2)]), .send([3], nil)])
    }

    @Test func `an event of which no request can be made says nothing about the endpoint`() throws {
        var state = try self.paused()
        _ = state.handle(.answered([self.answer(2)]), at: self.at(1))
        for id in InvocationID.each(3...5) { _ = state.handle(.invoked(id, effort: 1000), at: self.at(1)) }
        #expect(state.handle(.pauseTimer, at: self.at(10)).last == .send([3], nil))
        let actions = state.handle(.notComposed([3: Self.noJSON, 77: Self.noJSON]), at: self.at(10))
        #expect(actions == [.report([self.undecodable(3)]), .send([4], nil)])
    }

    @Test func `results come before the pause that the same answers ask for, and a longer one replaces it`() throws {
        var state = try self.state(1...4)
        _ = state.handle(.flush, at: self.at(0))
        #expect(
            state.handle(.answered([self.answer(1, Self.busy), self.answer(2)]), at: self.at(0)) == [
                .report([self.result(2)]), .setPauseTimer(self.at(10)),
                .reportPaused(reason: "busy", until: self.at(10), notRun: [1]),
            ]
        )
        let longer = Verdict.wait(.seconds(60), reason: "busier")
        #expect(
            state.handle(.answered([self.answer(3, longer)]), at: self.at(1)) == [
                .setPauseTimer(self.at(61)), .reportPaused(reason: "busier", until: self.at(61), notRun: [3]),
            ]
        )
        #expect(
            state.handle(.answered([self.answer(4, Self.busy)]), at: self.at(2)) == [
                .setPauseTimer(self.at(61)), .reportPaused(reason: "busier", until: self.at(61), notRun: [4]),
            ]
        )
    }

    @Test func `an endpoint that wants a pause gets no second try of a refused token`() throws {
        var state = try self.state(1...2, usesTokens: true)
        _ = state.handle(.flush, at: self.at(0))
        _ = state.handle(.tokenGranted(TokenGrant(token: "t-1", lifetime: nil)), at: self.at(0))
        let answers = [self.answer(1, .unauthorized(Self.failed)), self.answer(2, Self.busy)]
        #expect(
            state.handle(.answered(answers), at: self.at(0)) == [
                .setPauseTimer(self.at(10)), .reportPaused(reason: "busy", until: self.at(10), notRun: [2, 1]),
            ]
        )
    }

    @Test func `an endpoint that is gone is left alone until an operator asks`() throws {
        var state = try self.state(1...1)
        _ = state.handle(.flush, at: self.at(0))
        #expect(
            state.handle(.answered([self.answer(1, .gone(reason: "gone"))]), at: self.at(0)) == [
                .setPauseTimer(nil), .reportPaused(reason: "gone", until: nil, notRun: [1]),
            ]
        )
        _ = state.handle(.invoked(2, effort: 1000), at: self.at(1))
        #expect(state.handle(.flush, at: self.at(86_400)) == [])
        #expect(
            state.handle(.reconsider, at: self.at(86_400)) == [.setPauseTimer(nil), .reportReady, .send([2], nil)]
        )
        let before = state
        #expect(state.handle(.reconsider, at: self.at(86_401)) == [], "there is no pause any more")
        #expect(state == before)
    }

    // MARK: - The end

    @Test func `after the end nothing follows from anything`() throws {
        var state = try self.state(rate: "1/s", usesTokens: true)
        #expect(state.handle(.stop, at: self.at(0)) == [.end])
        let events: [DispatchState.Event] = [
            .invoked(1, effort: 1000), .flush, .composed([1]), .notComposed([1: Self.noJSON]),
            .answered([self.answer(1)]), .tokenRefused(reason: "no"), .pacingTimer, .pauseTimer,
            .reconsider, .stop,
        ]
        for event in events { #expect(state.handle(event, at: self.at(1)) == [], "\(event)") }
        #expect(state.withdraw() == [])
    }
}
