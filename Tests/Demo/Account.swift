/// Who owes what: each published event must end in exactly one way. Pure.
struct Account {
    enum Ending: Equatable {
        case confirmed
        case dead(reason: String)
    }

    private(set) var functions: [String] = []
    private(set) var allAreRunning = false
    /// Nil until `warren publish` has ended.
    private(set) var published: [String]?
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

    /// Every story has ended, and everybody has heard everything.
    var isAtRest: Bool {
        guard let published = self.published else { return false }
        return published.allSatisfy { self.endings[$0] != nil } && self.recorded.count >= self.seen.count
            && self.retries.count >= self.countedRetries
    }

    mutating func take(_ observation: Observation) {
        switch observation {
        case .published(let ids):
            self.published = ids
        case .event(let event):
            self.seen[event.id, default: 0] += 1
            switch event.type {
            case "order.placed": self.placed.insert(event.id)
            case "payment.charged": self.countedRetries += (event.attempts ?? 1) - 1
            case "order.confirmed": self.endings[event.story, default: []].append(.confirmed)
            default: break
            }
        case .deadLetter(let letter):
            self.endings[letter.story, default: []].append(.dead(reason: letter.reason))
            self.countedRetries += letter.attempt - 1
        case .functionIsRunning(let name):
            if !self.functions.contains(name) { self.functions.append(name) }
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
        if published.count != known.count { problems.append("an id was published twice") }
        if self.retries.count != self.countedRetries {
            problems.append("the host tells of \(self.retries.count) retries, the messages of \(self.countedRetries)")
        }
        return problems
    }
}
