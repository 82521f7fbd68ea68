/// Tells what happens while it happens, and keeps the account.
struct Show {
    let screen: Screen
    private(set) var account = Account()
    private var begin = ContinuousClock.now
    /// Confirmed orders that have not been told yet: they are told together, or they would hide everything else.
    private var confirmed: [String] = []
    private var firstConfirmed = ContinuousClock.now
    private static let confirmedPerLine = 10
    private static let confirmedWait = Duration.milliseconds(30)

    init(screen: Screen) { self.screen = screen }

    mutating func beginClock() { self.begin = .now }

    /// Follows what happens until the condition holds.
    ///
    /// - Parameter what: what is waited for, for an error.
    /// - Throws: when the host ends or time is up first, and on cancellation.
    mutating func follow(
        _ watch: Watch,
        for what: String,
        within limit: Duration,
        until isDone: (Account) -> Bool
    ) async throws {
        let patience = watch.expect(what, within: limit)
        defer { patience.cancel() }
        for await observation in watch.observations {
            try Task.checkCancellation()
            self.account.take(observation)
            if .now - self.firstConfirmed > Self.confirmedWait { self.tellConfirmed() }
            try self.tell(observation)
            if isDone(self.account) {
                self.tellConfirmed()
                return
            }
        }
        throw CancellationError()
    }

    private mutating func tell(_ observation: Observation) throws {
        switch observation {
        case .event(let event):
            guard event.type == "order.confirmed" else { return }
            if self.confirmed.isEmpty { self.firstConfirmed = .now }
            self.confirmed.append(event.order ?? event.story)
            if self.confirmed.count == Self.confirmedPerLine { self.tellConfirmed() }
        case .deadLetter(let letter):
            self.line(self.screen.bad("dead"), "\(letter.function), \(letter.reason): \(letter.error)")
        case .retry(let retry):
            self.line(self.screen.warning("retry"), "\(retry.function) in \(retry.delay): \(retry.error)")
        case .deliveryRetried(let retry):
            self.line(self.screen.warning("retry"), "\(retry.function) in \(retry.delay): \(retry.error)")
        case .webhookPaused(let reason):
            self.line(self.screen.warning("paused"), reason)
        case .received(let delivery) where !delivery.isTaken:
            self.line(self.screen.bad("refused"), "the partner answers \(delivery.answer) to \(delivery.eventID)")
        case .functionIsRunning(let name), .webhookIsRunning(let name):
            self.screen.say("  \(self.screen.good("running")) \(name)")
        case .published(let ids):
            self.line("published", "\(ids.count) events, each confirmed by the broker")
        case .hostComplained(let line):
            self.screen.say("  host: \(line)")
        case .hostEnded(let code):
            throw DemoError("the host ended by itself with exit code \(code)")
        case .tookTooLong(let words):
            throw DemoError(([words] + self.account.problems).joined(separator: "\n  "))
        case .allFunctionsAreRunning, .recorded, .received:
            return
        }
    }

    private mutating func tellConfirmed() {
        guard !self.confirmed.isEmpty else { return }
        self.line(self.screen.good("confirmed"), self.confirmed.joined(separator: " "))
        self.confirmed.removeAll()
    }

    private func line(_ what: String, _ rest: String) {
        let milliseconds = (ContinuousClock.now - self.begin) / .milliseconds(1)
        let time = "\(Int(milliseconds))".leftPadded(to: 5)
        let padding = String(repeating: " ", count: max(0, 9 - self.screen.width(of: what)))
        self.screen.say("  \(self.screen.faint("\(time) ms"))  \(what)\(padding)  \(rest)")
    }
}
