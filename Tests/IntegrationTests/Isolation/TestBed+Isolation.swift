import Messaging
import Testing

extension TestBed {
    /// The account when no host runs any more, of a function and of the dead letters that the test has taken out.
    func settle(
        _ confirmed: Set<String>,
        handled deed: String = "ended",
        dead: [Delivery] = [],
        by function: String
    ) async throws -> Ledger {
        let handled = self.journal.deeds.events(deed).intersection(confirmed)
        var ledger = try await self.ledger(confirmed: confirmed, handled: handled, function: function)
        ledger.dead.formUnion(dead.map(\.id))
        return ledger
    }

    /// Publishes one event for a key, and waits until it has been done.
    func expectHandled(
        _ id: String,
        key: String = "work",
        _ body: String = "{}",
        as deed: String = "ended"
    ) async throws {
        try await self.publish(self.event(body, id: id, key: key))
        try await self.journal.wait(for: "\(id) \(deed)") { deeds in
            deeds.contains { $0.event == id && $0.name == deed }
        }
    }
}

extension HostProcess {
    func count(_ message: String) -> Int { self.log.count { $0.message == message } }

    /// Deaths of workers, with this in the reason.
    func deaths(_ reason: String = "") -> Int {
        self.log.count { entry in
            entry.message == "a worker died; starting another"
                && (reason.isEmpty || entry["reason"]?.contains(reason) == true)
        }
    }
}

extension [Journal.Deed] {
    /// The processes that ran an event, in order.
    func processes(of event: String) -> [Int32] {
        self.filter { $0.event == event && $0.name == "begun" }.map(\.process)
    }

    /// How often each event was run.
    var runs: [String: Int] {
        self.lazy.filter { $0.name == "begun" }.reduce(into: [:]) { $0[$1.event, default: 0] += 1 }
    }

    /// The numbers of processes that functions have started: `child-4711`.
    var children: [Int32] {
        self.compactMap { $0.name.hasPrefix("child-") ? Int32($0.name.dropFirst("child-".count)) : nil }
    }
}
