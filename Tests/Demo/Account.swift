/// Who owes what: each published event must end in exactly one way. Pure.
struct Account {
    enum Ending: Equatable {
        case confirmed
        case dead(reason: String)
    }

    private(set) var functions: [String] = []
    private(set) var allAreRunning = false
    private(set) var webhooks: [String] = []
    /// Nil until `warren publish` has ended.
    private(set) var published: [String]?
    /// The ids of the events that the partner is to hear of.
    private(set) var confirmations: Set<String> = []
    /// By event id, as the partner tells them.
    private(set) var deliveries: [String: [SeenDelivery]] = [:]
    private(set) var deliveryRetries: [SeenRetry] = []
    /// Why the webhook was paused, each time.
    private(set) var pauses: [String] = []
    /// How often each event id was seen on the exchange.
    private(set) var seen: [String: Int] = [:]
    private(set) var placed: Set<String> = []
    private(set) var recorded: Set<String> = []
    /// By story.
    private(set) var endings: [String: [Ending]] = [:]
    /// Retries as the host's log tells them.
    private(set) var retries: [SeenRetry] = []
    /// Retries as the messages tell them: the attempts before the last one.
    private(set) var countedRetries = 0

    /// The partner has taken it.
    func isTaken(_ event: String) -> Bool { self.deliveries[event, default: []].contains(where: \.isTaken) }

    /// Every story has ended, and everybody has heard everything; the partner as well.
    var isAtRest: Bool { self.areFunctionsAtRest && self.confirmations.allSatisfy(self.isTaken) }

    /// The webhook is paused, and nothing but its events waits.
    var isPausedAtRest: Bool { self.areFunctionsAtRest && !self.pauses.isEmpty }

    private var areFunctionsAtRest: Bool {
        guard let published = self.published else { return false }
        return published.allSatisfy { self.endings[$0] != nil } && self.recorded.count >= self.seen.count
            && self.retries.count >= self.countedRetries
    }

    mutating func take(_ observation: Observation) {
        switch observation {
        case .published(let ids):
            self.published = (self.published ?? []) + ids
        case .event(let event):
            self.seen[event.id, default: 0] += 1
            switch event.type {
            case "order.placed": self.placed.insert(event.id)
            case "payment.charged": self.countedRetries += (event.attempts ?? 1) - 1
            case "order.confirmed":
                self.confirmations.insert(event.id)
                self.endings[event.story, default: []].append(.confirmed)
            default: break
            }
        case .deadLetter(let letter):
            self.endings[letter.story, default: []].append(.dead(reason: letter.reason))
            self.countedRetries += letter.attempt - 1
        case .functionIsRunning(let name):
            if !self.functions.contains(name) { self.functions.append(name) }
        case .webhookIsRunning(let name):
            if !self.webhooks.contains(name) { self.webhooks.append(name) }
        case .webhookPaused(let reason):
            self.pauses.append(reason)
        case .deliveryRetried(let retry):
            self.deliveryRetries.append(retry)
        case .received(let delivery):
            self.deliveries[delivery.eventID, default: []].append(delivery)
        case .allFunctionsAreRunning:
            self.allAreRunning = true
        case .retry(let retry):
            self.retries.append(retry)
        case .recorded(let id):
            self.recorded.insert(id)
        case .hostComplained, .hostEnded, .tookTooLong:
            break
        }
    }

    // MARK: - Sums

    var confirmed: Int { self.endings.values.joined().count { $0 == .confirmed } }

    /// Dead letters by reason.
    var dead: [String: Int] {
        var counts: [String: Int] = [:]
        for case .dead(let reason) in self.endings.values.joined() { counts[reason, default: 0] += 1 }
        return counts
    }

    /// What does not add up, with at most a few ids for each kind of mistake.
    var problems: [String] {
        let published = self.published ?? []
        let known = Set(published)
        var problems: [String] = []
        func check(_ ids: some Sequence<String>, _ what: String) {
            let ids = ids.sorted()
            guard !ids.isEmpty else { return }
            problems.append("\(ids.count) \(what): \(ids.prefix(3).joined(separator: ", "))")
        }
        check(known.subtracting(self.placed), "published events were never on the exchange")
        check(self.placed.subtracting(known), "events are on the exchange that nobody published")
        check(self.seen.filter { $0.value > 1 }.keys, "events were on the exchange more than once")
        check(known.filter { self.endings[$0] == nil }, "stories have no end")
        check(self.endings.filter { $0.value.count > 1 }.keys, "stories have more than one end")
        check(self.endings.keys.filter { !known.contains($0) }, "ends belong to no published event")
        check(Set(self.seen.keys).subtracting(self.recorded), "events were not heard by record-event")
        check(self.recorded.subtracting(self.seen.keys), "events were heard by record-event alone")
        check(self.confirmations.filter { !self.isTaken($0) }, "confirmations were not taken by the partner")
        check(self.deliveries.keys.filter { !self.confirmations.contains($0) }, "deliveries are of no confirmation")
        check(
            self.deliveries.filter { $0.value.contains { !$0.hasValidSignature } }.keys,
            "deliveries have no valid signature"
        )
        check(self.deliveries.filter { $0.value.count(where: \.isTaken) > 1 }.keys, "deliveries were taken twice")
        if self.deliveryRetries.isEmpty { problems.append("no delivery was retried") }
        if !self.pauses.contains(where: { $0.contains("410") }) { problems.append("the webhook was not paused by 410") }
        if published.count != known.count { problems.append("an id was published twice") }
        if self.retries.count != self.countedRetries {
            problems.append("the host tells of \(self.retries.count) retries, the messages of \(self.countedRetries)")
        }
        return problems
    }
}
