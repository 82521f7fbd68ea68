import Messaging

/// What becomes of a message that the broker delivers again because it could not be acknowledged in time.
///
/// Three things make another run needless: the event still runs, it is being settled, or it is settled already.
///
/// - **Runs and settlements whose tag is void.** Their message was not acknowledged, so it comes again, and the new
///   delivery takes the place of the old one. Each of them stands for one message and no more: of equal messages as many
///   are acknowledged as have been run. That is why also a message without an id is recognised.
/// - **Settled events** (`AckMemory`). The acknowledgement was sent, and nobody knows whether the broker has taken it.
///   An equal message may then be another one, which has never been run. So only an event with an identity of its own,
///   source and id, is acknowledged without a run: by CloudEvents an equal one is the same event. And only for a short
///   time, in which the broker delivers again what it has not taken.
///
/// Only a delivery that the broker marks as redelivered is recognised. One that is not was published after what is
/// remembered, by somebody who wants it to run, a dead letter sent again for example: it clears the memory of its like.
/// In doubt an event runs again.
struct Recognition {
    enum Finding {
        case settled
        /// The invocation's id.
        case running(UInt64)
        case settling(Receipt)
    }

    private enum Orphan {
        case running(UInt64)
        case settling(Receipt)

        func isSame(as other: Orphan) -> Bool {
            switch (self, other) {
            case (.running(let one), .running(let other)): one == other
            case (.settling(let one), .settling(let other)): one === other
            case (.running, .settling), (.settling, .running): false
            }
        }
    }

    private var memory = AckMemory()
    /// Runs and settlements whose tag is void, by their event: several of equal messages. No more than there are of them.
    private var orphans: [EventKey: [Orphan]] = [:]

    var isEmpty: Bool { self.orphans.isEmpty && self.memory.isEmpty }

    // MARK: - What the broker will deliver again

    /// The connection or channel was lost over it.
    mutating func orphaned(_ running: RunningDelivery) { self.add(.running(running.id), for: running.delivery) }

    mutating func orphaned(_ receipt: Receipt) { self.add(.settling(receipt), for: receipt.delivery) }

    private mutating func add(_ orphan: Orphan, for delivery: Delivery) {
        let key = EventKey(delivery)
        guard !self.orphans[key, default: []].contains(where: orphan.isSame) else { return }
        self.orphans[key, default: []].append(orphan)
    }

    /// It has ended: it stands for no message any more.
    mutating func ended(_ running: RunningDelivery) { self.remove(.running(running.id), for: running.delivery) }

    mutating func ended(_ receipt: Receipt) { self.remove(.settling(receipt), for: receipt.delivery) }

    private mutating func remove(_ orphan: Orphan, for delivery: Delivery) {
        guard !self.orphans.isEmpty else { return }
        let key = EventKey(delivery)
        self.orphans[key]?.removeAll(where: orphan.isSame)
        if self.orphans[key]?.isEmpty == true { self.orphans[key] = nil }
    }

    // MARK: - What it may deliver again

    /// It is settled, and the broker may not know.
    mutating func settled(_ delivery: Delivery, now: ContinuousClock.Instant) {
        if delivery.hasIdentity { self.memory.remember(EventKey(delivery), now: now) }
    }

    /// The broker delivers again: what it has not taken comes soon.
    mutating func delivering(since now: ContinuousClock.Instant) { self.memory.delivering(since: now) }

    mutating func interrupted(now: ContinuousClock.Instant) { self.memory.interrupted(now: now) }

    // MARK: - What it delivers

    /// What is known of a message that has been delivered.
    mutating func recognize(_ delivery: Delivery, now: ContinuousClock.Instant) -> Finding? {
        guard !self.isEmpty else { return nil }
        let key = EventKey(delivery)
        guard delivery.isRedelivered else {
            self.memory.forget(key)
            return nil
        }
        if let orphan = self.orphans[key]?.first {
            self.orphans[key]?.removeFirst()
            if self.orphans[key]?.isEmpty == true { self.orphans[key] = nil }
            switch orphan {
            case .running(let id): return .running(id)
            case .settling(let receipt): return .settling(receipt)
            }
        }
        return self.memory.take(key, now: now) ? .settled : nil
    }
}
