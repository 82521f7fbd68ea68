import DequeModule
import EventLoops
import Messaging

/// Every delivery of one consumer that this host holds unacknowledged, each in its phase (`DeliveryPhase`).
struct DeliveryTable: Hashable {
    /// A delivery whose replacement is published and not confirmed.
    struct Replacing: Hashable {
        var held: HeldDelivery
        let since: SteadyInstant
    }

    /// Their turn has not come. All belong to the present subscription.
    var waiting = Deque<Delivery>()
    /// Held because they were not run.
    var notRun = Deque<HeldDelivery>()
    /// Held because another message of their event is running: one event never runs twice at the same time on one host.
    ///
    /// There can be two messages of one event:
    /// - A host published the copy of a retry, and was killed before it could acknowledge what the copy replaces.
    /// - Whoever published it, a host or the event's own publisher, lost its connection before the confirmation came,
    ///   and published it again.
    var duplicates: [HeldDelivery] = []
    /// Held because its next attempt is not due.
    var waitingHead: WaitingHead?
    var running: InFlight
    private(set) var replacing: [SettlementID: Replacing] = [:]
    private var settlements: UInt64 = 0

    init(limit: Int) { self.running = InFlight(limit: limit) }

    // MARK: - Replacing

    mutating func settle(_ held: HeldDelivery, at now: SteadyInstant) -> SettlementID {
        self.settlements += 1
        let id = SettlementID(number: self.settlements)
        self.replacing[id] = Replacing(held: held, since: now)
        return id
    }

    mutating func settled(_ id: SettlementID) -> HeldDelivery? { self.replacing.removeValue(forKey: id)?.held }

    /// Since when the oldest settlement is under way.
    var oldestSettlement: SteadyInstant? { self.replacing.values.map(\.since).min() }

    // MARK: - Deliveries that the broker has taken back

    /// The tags of a subscription are void: what has not begun is forgotten, for it comes again, and what has begun is
    /// an orphan from now on.
    ///
    /// - Returns: the new orphans.
    mutating func interrupt(_ subscription: SubscriptionID) -> [(orphan: Orphan, delivery: Delivery)] {
        func isOver(_ held: HeldDelivery) -> Bool { held.subscription == subscription }
        self.notRun.removeAll(where: isOver)
        self.duplicates.removeAll(where: isOver)
        if let head = self.waitingHead, isOver(head.delivery) { self.waitingHead = nil }
        var orphans: [(Orphan, Delivery)] = []
        self.running.changeAll { id, held in
            guard !held.isOrphaned, isOver(held) else { return }
            held.isOrphaned = true
            orphans.append((.running(id), held.delivery))
        }
        for id in self.replacing.keys.sorted() {
            guard let held = self.replacing[id]?.held, !held.isOrphaned, isOver(held) else { continue }
            self.replacing[id]?.held.isOrphaned = true
            orphans.append((.settling(id), held.delivery))
        }
        return orphans
    }

    /// Another delivery of the message takes the place of the one that is gone.
    ///
    /// - Returns: false when there is nothing any more whose place it could take.
    mutating func adopt(_ delivery: Delivery, from subscription: SubscriptionID, for orphan: Orphan) -> Bool {
        switch orphan {
        case .running(let id):
            return self.running.change(id) { $0.takeOver(delivery, from: subscription) }
        case .settling(let id):
            guard self.replacing[id] != nil else { return false }
            self.replacing[id]?.held.takeOver(delivery, from: subscription)
            return true
        }
    }

    // MARK: - What has not begun

    /// The first duplicate whose event is not being run any more.
    mutating func nextDuplicate() -> HeldDelivery? {
        self.duplicates.firstIndex { !self.running.runs($0.identity) }.map { self.duplicates.remove(at: $0) }
    }

    /// What is held and has not begun, the head of an ordered queue apart.
    mutating func takeHeld() -> [HeldDelivery] {
        guard !self.notRun.isEmpty || !self.duplicates.isEmpty else { return [] }
        defer {
            self.notRun.removeAll()
            self.duplicates.removeAll()
        }
        return Array(self.notRun) + self.duplicates
    }

    // MARK: - Looking at it

    /// Nothing runs, and nothing is being replaced.
    var isQuiet: Bool { self.running.isEmpty && self.replacing.isEmpty }

    /// Nothing is left to do of what has been delivered, what waits apart.
    var isIdle: Bool { self.isQuiet && self.waitingHead == nil && self.notRun.isEmpty && self.duplicates.isEmpty }

    /// Each delivery with its phase.
    func forEach(_ body: (Delivery, DeliveryPhase) -> Void) {
        for delivery in self.waiting { body(delivery, .waiting) }
        for held in self.notRun { body(held.delivery, .heldBack(.notRun)) }
        for held in self.duplicates { body(held.delivery, .heldBack(.duplicate)) }
        if let head = self.waitingHead { body(head.delivery.delivery, .heldBack(.backoff)) }
        for held in self.running.all { body(held.delivery, .running) }
        for replaced in self.replacing.values { body(replaced.held.delivery, .replacing) }
    }

    /// How much is held: a number of events, and their bytes.
    var holding: (events: Int, bytes: Int) {
        var (events, bytes) = (0, 0)
        self.forEach { delivery, _ in
            events += 1
            bytes += delivery.bytes.count
        }
        return (events, bytes)
    }
}
