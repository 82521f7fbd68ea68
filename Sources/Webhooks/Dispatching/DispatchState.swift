import DequeModule
import Invoking
import Messaging

/// Decides about the deliveries of one webhook: which ones wait, which are in progress, which is next, and when the
/// endpoint is paused. A value without a clock and without I/O: it takes what has happened and returns the actions to
/// carry out.
///
/// An invocation waits here while the endpoint has asked for a pause, while there is no access token, and until `rate`
/// allows it. Then its request is composed and sent. A request that takes long to compose is composed on another thread
/// and sent when it is ready. Until it is sent, an invocation can be withdrawn; after that it gets exactly one answer.
struct DispatchState: Equatable {
    /// How many bytes may be processed on the loop for the requests that are sent together. More would delay all other
    /// events. This amount takes a tenth of a millisecond, as much as handing the work to another thread.
    static let quickEffort = 64 << 10

    private struct Waiting: Equatable {
        let id: InvocationID
        let effort: Int
        /// Whether the endpoint has refused its first access token.
        var isSecondTry = false
    }

    /// An invocation whose request is being composed or has been sent.
    private struct UnderWay: Equatable {
        let effort: Int
        let token: AccessToken?
        let isSecondTry: Bool
        var isComposing: Bool
    }

    private var waiting = Deque<Waiting>()
    private var underWay: [InvocationID: UnderWay] = [:]
    /// The number of requests that are being composed.
    private var composing = 0
    private var pacing: Pacing?
    private var isPacingTimerSet = false
    private var tokens: TokenCache?
    private var pause = EndpointPause()
    private var isStopped = false

    /// - Parameters:
    ///   - pacing: `nil` if the webhook has no rate.
    ///   - usesTokens: whether requests carry access tokens.
    init(pacing: Pacing?, usesTokens: Bool) {
        self.pacing = pacing
        self.tokens = usesTokens ? TokenCache() : nil
    }

    mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
        guard !self.isStopped else { return [] }
        switch event {
        case .invoked(let id, let effort):
            self.waiting.append(Waiting(id: id, effort: effort))
            return []
        case .flush:
            return self.sendWaiting(at: now)
        case .composed(let ids):
            return self.sendComposed(ids, at: now) + self.sendWaiting(at: now)
        case .notComposed(let failures):
            return self.report(failures) + self.sendWaiting(at: now)
        case .answered(let answers):
            return self.take(answers, at: now) + self.sendWaiting(at: now)
        case .tokenGranted(let grant):
            self.tokens?.fetched(grant, at: now)
            return self.sendWaiting(at: now)
        case .tokenRefused(let reason):
            self.tokens?.failed(reason, at: now)
            return self.sendWaiting(at: now)
        case .pacingTimer:
            self.isPacingTimerSet = false
            return self.sendWaiting(at: now)
        case .pauseTimer, .reconsider:
            guard self.pause.isOn else { return [] }
            self.pause.isOver()
            return [.setPauseTimer(nil), .reportReady] + self.sendWaiting(at: now)
        case .stop:
            self.isStopped = true
            self.waiting = []
            self.underWay = [:]
            self.composing = 0
            return [.end]
        }
    }

    /// Whether a `flush` may have anything to do.
    var hasWaiting: Bool { !self.waiting.isEmpty }

    /// Withdraws the invocations that have not been sent. They end here, without a result.
    mutating func withdraw() -> [InvocationID] {
        let waiting = self.waiting.map(\.id)
        self.waiting.removeAll()
        guard self.composing > 0 else { return waiting }
        let composing = self.underWay.filter(\.value.isComposing).keys.sorted()
        for id in composing { self.end(id) }
        return composing + waiting
    }

    // MARK: - Sending

    private mutating func sendWaiting(at now: ContinuousClock.Instant) -> [Action] {
        guard !self.waiting.isEmpty, !self.pause.isOn else { return [] }
        var actions: [Action] = []
        var quick: [InvocationID] = []
        var long: [InvocationID] = []
        var effort = 0
        var token: AccessToken?
        var failures: [InvocationResult] = []
        loop: while let next = self.waiting.first {
            if self.pause.isTrying, !self.underWay.isEmpty { break }
            // With a rate, only one request is composed at a time, because it counts when it is sent.
            if self.pacing != nil, self.composing > 0 { break }
            switch self.tokens?.need(at: now) {
            case nil: break
            case .use(let known)?: token = known
            case .wait?: break loop
            case .fetch?:
                actions.append(.fetchToken)
                break loop
            case .fail(let reason)?:
                self.waiting.removeFirst()
                let outcome = Outcome.failed(Failure(type: "oauth_error", message: reason))
                failures.append(InvocationResult(id: next.id, outcome: outcome, nanoseconds: 0))
                continue
            }
            let takesLong = next.effort > Self.quickEffort - effort
            if let wait = takesLong ? self.pacing?.wait(at: now) : self.pacing?.take(at: now) {
                if !self.isPacingTimerSet { actions.append(.setPacingTimer(wait)) }
                self.isPacingTimerSet = true
                break
            }
            self.begin(next, token, isComposing: takesLong)
            if takesLong {
                long.append(next.id)
            } else {
                quick.append(next.id)
                effort += next.effort
            }
        }
        if !quick.isEmpty { actions.append(.send(quick, token)) }
        if !long.isEmpty { actions.append(.compose(long, token)) }
        if !failures.isEmpty { actions += [.flushAgain, .report(failures)] }
        return actions
    }

    /// Moves the first waiting invocation to those in progress.
    private mutating func begin(_ next: Waiting, _ token: AccessToken?, isComposing: Bool) {
        self.waiting.removeFirst()
        self.underWay[next.id] = UnderWay(
            effort: next.effort,
            token: token,
            isSecondTry: next.isSecondTry,
            isComposing: isComposing
        )
        if isComposing { self.composing += 1 }
    }

    /// Returns `nil` if the invocation is not in progress, because it was withdrawn.
    @discardableResult
    private mutating func end(_ id: InvocationID) -> UnderWay? {
        let ended = self.underWay.removeValue(forKey: id)
        if ended?.isComposing == true { self.composing -= 1 }
        return ended
    }

    private mutating func sendComposed(_ ids: [InvocationID], at now: ContinuousClock.Instant) -> [Action] {
        var ready: [InvocationID] = []
        for id in ids {
            guard let composed = self.underWay[id], composed.isComposing else { continue }
            let sent = self.underWay.count - self.composing
            if self.pause.isOn || self.pause.isTrying && sent > 0 {
                // A pause has begun in the meantime. The signature may be too old after it, so the request is composed
                // anew.
                self.end(id)
                self.waiting.prepend(Waiting(id: id, effort: composed.effort, isSecondTry: composed.isSecondTry))
            } else {
                self.composing -= 1
                self.underWay[id]?.isComposing = false
                // `take` cannot ask for a wait: no other request was sent since `wait` allowed this one.
                _ = self.pacing?.take(at: now)
                ready.append(id)
            }
        }
        return ready.isEmpty ? [] : [.sendComposed(ready)]
    }

    /// These requests did not reach the endpoint, so they say nothing about its health.
    private mutating func report(_ failures: [InvocationID: Undeliverable]) -> [Action] {
        var results: [InvocationResult] = []
        for (id, failure) in failures.sorted(by: { $0.key < $1.key }) where self.end(id) != nil {
            let outcome = Outcome.undecodable(Failure(type: "Undeliverable", message: failure.reason))
            results.append(InvocationResult(id: id, outcome: outcome, nanoseconds: 0))
        }
        return results.isEmpty ? [] : [.report(results)]
    }

    // MARK: - Answers

    private mutating func take(_ answers: [Answer], at now: ContinuousClock.Instant) -> [Action] {
        var results: [InvocationResult] = []
        var notTaken: [InvocationID] = []
        var again: [Waiting] = []
        for answer in answers {
            guard let sent = self.end(answer.id) else { continue }
            switch answer.verdict {
            case .outcome(let outcome):
                self.pause.answered()
                results.append(InvocationResult(answer, outcome))
            case .unauthorized(let outcome):
                if let token = sent.token { self.tokens?.refused(token) }
                if sent.isSecondTry {
                    results.append(InvocationResult(answer, outcome))
                } else {
                    again.append(Waiting(id: answer.id, effort: sent.effort, isSecondTry: true))
                }
            case .wait(let wait, let reason):
                notTaken.append(answer.id)
                self.pause.wait(wait, reason: reason, at: now)
            case .gone(let reason):
                notTaken.append(answer.id)
                self.pause.gone(reason: reason)
            }
        }
        if self.pause.isOn {
            // While the endpoint is paused, requests are not repeated with a new token either.
            notTaken += again.map(\.id)
        } else {
            self.waiting.prepend(contentsOf: again)
        }
        var actions: [Action] = []
        if !results.isEmpty { actions.append(.report(results)) }
        guard !notTaken.isEmpty else { return actions }
        let end = self.pause.end
        actions.append(.setPauseTimer(end))
        actions.append(.reportPaused(reason: self.pause.reason, until: end, notRun: notTaken))
        return actions
    }
}

extension InvocationResult {
    fileprivate init(_ answer: DispatchState.Answer, _ outcome: Outcome) {
        self.init(id: answer.id, outcome: outcome, nanoseconds: answer.nanoseconds)
    }
}
