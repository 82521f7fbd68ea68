import Invoking
import Manifests
import Messaging
import SeededGeneration
import Testing

@testable import Webhooks

/// Plays whoever gives a `DispatchState` its invocations, the endpoint, the authorization server and the clock, and
/// holds the state to its promises at each step.
struct DispatchModel {
    enum End {
        case result
        case notRun
        case withdrawn
    }

    private enum Place {
        case waiting
        case composing(AccessToken?)
        case sent(AccessToken?)
    }

    private static let start = ContinuousClock.now
    private static let denied = Outcome.failed(Failure(type: "http_401", message: "no"))

    private let limit: Int
    private let rate: DeliveryRate?
    private let usesTokens: Bool
    /// A pipeline takes back what waits when there is a pause.
    private let withdrawsInPauses: Bool
    private var random: SeededGenerator
    private var state: DispatchState
    private var now = Self.start
    private var places: [InvocationID: Place] = [:]
    private(set) var ends: [InvocationID: End] = [:]
    private(set) var given = 0
    /// Invocations whose first token was refused.
    private var secondTries: Set<InvocationID> = []
    private var sendTimes = DeliveryTimes()
    private var isPaused = false
    /// A pause is over, and the endpoint has not shown yet that it is well.
    private var isTrying = false
    private var pauseDue: ContinuousClock.Instant?
    private var pacingDue: ContinuousClock.Instant?
    private var isFetching = false
    private var token: (text: AccessToken, end: ContinuousClock.Instant)?
    private var tokenCount = 0

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.limit = Int.random(in: 1...8, using: &random)
        let rates = [nil, try? DeliveryRate("2/s"), try? DeliveryRate("20/s"), try? DeliveryRate("1000/s")]
        self.rate = rates.randomElement(using: &random) ?? nil
        self.usesTokens = Bool.random(using: &random)
        self.withdrawsInPauses = Bool.random(using: &random)
        self.state = DispatchState(pacing: self.rate.map(Pacing.init), usesTokens: self.usesTokens)
        self.random = random
    }

    // MARK: - What happens

    mutating func step() {
        switch Int.random(in: 0..<20, using: &self.random) {
        case 0..<5: for _ in 0..<Int.random(in: 1...3, using: &self.random) { self.invoke() }
        case 5..<9: self.handle(.flush)
        case 9..<13: self.answer()
        case 13: self.compose()
        case 14, 15: self.answerFetch(isGranted: Int.random(in: 0..<4, using: &self.random) > 0)
        case 16, 17: self.pass(.milliseconds(Int.random(in: 0...200, using: &self.random)))
        case 18: self.pass(.seconds(Double.random(in: 0...20, using: &self.random)))
        default: self.stepRarely()
        }
    }

    private mutating func stepRarely() {
        switch Int.random(in: 0..<4, using: &self.random) {
        case 0: self.withdraw()
        case 1: self.handle(.reconsider)
        case 2: self.pass(.seconds(400))
        default: self.handle(.answered([DispatchState.Answer(id: 0, verdict: .outcome(Self.denied), nanoseconds: 0)]))
        }
    }

    /// Lets everything end, with an endpoint and an authorization server that are well. False when it does not.
    mutating func runOut() -> Bool {
        for _ in 0..<1000 {
            if self.places.isEmpty { return true }
            self.handle(.flush)
            self.answerFetch(isGranted: true)
            self.finishComposing(self.composing)
            for id in self.sent { self.answer([id: .outcome(.done(emitted: []))]) }
            if self.isPaused, self.pauseDue == nil { self.handle(.reconsider) }
            let next = [self.pacingDue, self.pauseDue].compactMap { $0 }.min()
            self.pass(next.map { max(.zero, self.now.duration(to: $0)) } ?? .zero)
        }
        return false
    }

    mutating func stop() {
        #expect(self.state.handle(.stop, at: self.now) == [.end])
        for event in [.flush, .pacingTimer, .pauseTimer, .reconsider] as [DispatchState.Event] {
            #expect(self.state.handle(event, at: self.now) == [])
        }
    }

    private mutating func invoke() {
        // A pipeline gives nothing in a pause; another one that does must not harm the endpoint.
        guard self.places.count < self.limit, !self.isPaused || !self.withdrawsInPauses else { return }
        self.given += 1
        self.places[InvocationID(rawValue: UInt64(self.given))] = .waiting
        let effort = [0, 1000, DispatchState.quickEffort / 3, DispatchState.quickEffort + 1, 1 << 24]
        self.handle(
            .invoked(InvocationID(rawValue: UInt64(self.given)), effort: effort.randomElement(using: &self.random) ?? 0)
        )
    }

    /// What has been withdrawn is composed all the same, and nobody wants it.
    private mutating func compose() {
        var ids = self.composing.filter { _ in Bool.random(using: &self.random) }
        if let gone = self.ends.keys.sorted().last { ids.append(gone) }
        if Int.random(in: 0..<4, using: &self.random) > 0 {
            self.finishComposing(ids)
        } else {
            let failures = ids.map { ($0, Undeliverable(reason: "no")) }
            let mine = ids.filter { self.places[$0] != nil }
            self.handle(.notComposed(Dictionary(uniqueKeysWithValues: failures)))
            for id in mine { #expect(self.ends[id] == .result) }
        }
    }

    /// What was begun before a pause waits again.
    private mutating func finishComposing(_ ids: [InvocationID]) {
        if self.isPaused { for id in ids where self.places[id] != nil { self.places[id] = .waiting } }
        self.handle(.composed(ids))
        for id in self.composing where ids.contains(id) {
            #expect(self.isTrying && !self.sent.isEmpty, "it is ready and could have been sent")
            self.places[id] = .waiting
        }
    }

    /// Some requests turn out not to be composed when they are to be sent.
    private mutating func answer() {
        if Int.random(in: 0..<8, using: &self.random) == 0, let id = self.sent.randomElement(using: &self.random) {
            self.handle(.notComposed([id: Undeliverable(reason: "no")]))
            #expect(self.ends[id] == .result)
        }
        let sent = self.sent.shuffled(using: &self.random).prefix(Int.random(in: 1...3, using: &self.random))
        var verdicts: [InvocationID: Verdict] = [:]
        for id in sent { verdicts[id] = self.verdict() }
        if !verdicts.isEmpty { self.answer(verdicts) }
    }

    private mutating func verdict() -> Verdict {
        switch Int.random(in: 0..<24, using: &self.random) {
        case 0..<14: .outcome(.done(emitted: []))
        case 14, 15: .outcome(Self.denied)
        case 16..<21: self.usesTokens ? .unauthorized(Self.denied) : .outcome(Self.denied)
        case 21, 22: .wait(.seconds(Int.random(in: 1...5, using: &self.random)), reason: "busy")
        default: Int.random(in: 0..<4, using: &self.random) == 0 ? .gone(reason: "gone") : .outcome(Self.denied)
        }
    }

    /// Tells the state, and looks at what becomes of each that was answered.
    private mutating func answer(_ verdicts: [InvocationID: Verdict]) {
        let answers = verdicts.sorted { $0.key < $1.key }
        var ended: [InvocationID] = []
        var notTaken: [InvocationID] = []
        var denied: [InvocationID] = []
        for (id, verdict) in answers {
            switch verdict {
            case .outcome:
                if !self.isPaused { self.isTrying = false }
                ended.append(id)
            case .wait, .gone:
                self.isPaused = true
                self.isTrying = false
                notTaken.append(id)
            case .unauthorized:
                if case .sent(let token)? = self.places[id], token == self.token?.text { self.token = nil }
                if self.secondTries.contains(id) { ended.append(id) } else { denied.append(id) }
            }
        }
        for id in denied {
            self.secondTries.insert(id)
            self.places[id] = .waiting
        }
        if self.isPaused { notTaken += denied }
        self.handle(.answered(answers.map { DispatchState.Answer(id: $0.key, verdict: $0.value, nanoseconds: 0) }))
        for id in ended { #expect(self.ends[id] == .result) }
        for id in notTaken { #expect(self.ends[id] == .notRun) }
    }

    private mutating func answerFetch(isGranted: Bool) {
        guard self.isFetching else { return }
        self.isFetching = false
        guard isGranted else { return self.handle(.tokenRefused(reason: "no")) }
        self.tokenCount += 1
        let token = AccessToken("t-\(self.tokenCount)")
        let lifetime = Duration.seconds(Int.random(in: 1...600, using: &self.random))
        self.token = (token, self.now + lifetime)
        self.handle(.tokenGranted(TokenGrant(token: token, lifetime: lifetime)))
    }

    /// Timers are late as often as not.
    private mutating func pass(_ time: Duration) {
        self.now += time
        if let due = self.pacingDue, due <= self.now {
            self.pacingDue = nil
            self.handle(.pacingTimer)
        }
        if let due = self.pauseDue, due <= self.now {
            self.pauseDue = nil
            self.handle(.pauseTimer)
        }
    }

    private mutating func withdraw() {
        let ids = self.state.withdraw()
        #expect(Set(ids) == Set(self.places.keys).subtracting(self.sent), "what has not been sent can be withdrawn")
        for id in ids { self.end(id, .withdrawn) }
    }

    private var composing: [InvocationID] {
        self.places.filter { if case .composing = $0.value { true } else { false } }.keys.sorted()
    }

    private var sent: [InvocationID] {
        self.places.filter { if case .sent = $0.value { true } else { false } }.keys.sorted()
    }

    // MARK: - What the state says

    private mutating func handle(_ event: DispatchState.Event) {
        for action in self.state.handle(event, at: self.now) {
            switch action {
            case .send(let ids, let token):
                self.begin(ids, token)
                self.send(ids)
            case .compose(let ids, let token): self.begin(ids, token)
            case .sendComposed(let ids): self.send(ids)
            case .fetchToken:
                #expect(self.usesTokens && !self.isFetching, "one fetch at a time")
                self.isFetching = true
            case .report(let results): for result in results { self.end(result.id, .result) }
            case .reportPaused(_, let end, let notRun):
                #expect(self.isPaused && end == self.pauseDue)
                for id in notRun { self.end(id, .notRun) }
                if self.withdrawsInPauses { self.withdraw() }
            case .reportReady:
                #expect(self.isPaused)
                self.isPaused = false
                self.isTrying = true
            case .setPacingTimer(let wait):
                #expect(self.rate != nil && self.pacingDue == nil && wait > .zero)
                self.pacingDue = self.now + wait
            case .setPauseTimer(let end): self.pauseDue = end
            case .flushAgain: #expect(self.usesTokens)
            case .end: Issue.record("nobody has asked it to end")
            }
        }
    }

    private mutating func begin(_ ids: [InvocationID], _ token: AccessToken?) {
        #expect(!self.isPaused, "composed in a pause")
        if self.isTrying {
            #expect(ids.count == 1 && self.sent.isEmpty && self.composing.isEmpty, "one shows whether it is well")
        }
        #expect(token == (self.usesTokens ? self.token?.text : nil))
        if let end = self.token?.end { #expect(self.now < end, "the token's time is over") }
        for id in ids {
            guard case .waiting? = self.places[id] else {
                Issue.record("\(id) was begun and does not wait")
                continue
            }
            self.places[id] = .composing(token)
        }
    }

    private mutating func send(_ ids: [InvocationID]) {
        #expect(!self.isPaused, "sent in a pause")
        if self.isTrying { #expect(ids.count == 1 && self.sent.isEmpty) }
        for id in ids {
            guard case .composing(let token)? = self.places[id] else {
                Issue.record("\(id) was sent and is not composed")
                continue
            }
            self.places[id] = .sent(token)
            self.sendTimes.times.append(self.now)
        }
        #expect(self.sent.count <= self.limit)
    }

    private mutating func end(_ id: InvocationID, _ end: End) {
        #expect(self.ends.updateValue(end, forKey: id) == nil, "it ended twice")
        #expect(self.places.removeValue(forKey: id) != nil)
    }

    func checkRate() {
        guard let rate = self.rate else { return }
        for window in [.seconds(1), rate.period, rate.interval * 10] as [Duration] {
            #expect(self.sendTimes.most(in: window) <= DeliveryTimes.allowance(rate, in: window), "in \(window)")
        }
    }
}
