import EventLoops
import Invoking
import Messaging

/// Something that goes on although the broker has taken back its delivery.
enum Orphan: Hashable {
    case running(InvocationID)
    case settling(SettlementID)
}

/// What becomes of a message that the broker delivers again because it could not be acknowledged in time.
///
/// Three things make another run needless: the event still runs, it is being settled, or it is settled already.
///
/// - **Runs and settlements whose tag is void** (orphans). Their message was not acknowledged, so it comes again, and
///   the new delivery takes the place of the old one. Each of them stands for one message and no more: of equal
///   messages as many are acknowledged as have been run. That is why also a message without an id is recognised.
/// - **Settled events** (`AckMemory`). The acknowledgement was sent, and nobody knows whether the broker has taken it.
///   An equal message may then be another one, which has never been run. So only an event with an identity of its own,
///   source and id, is acknowledged without a run: by CloudEvents an equal one is the same event. And only for a short
///   time, in which the broker delivers again what it has not taken.
///
/// Only a delivery that the broker marks as redelivered is recognised. One that is not was published after what is
/// remembered, by somebody who wants it to run, a dead letter sent again for example: it clears the memory of its like.
/// In doubt an event runs again.
struct RedeliveryTracker<Policy: PipelinePolicy>: Hashable {
    enum Finding: Equatable {
        case settled
        case orphan(Orphan)
    }

    private var memory = AckMemory()
    private var recentAcks: RecentAcks
    /// By their message's content. Equal messages have one entry each.
    private var orphans: [EventKey: [Orphan]] = [:]

    /// - Parameter prefetch: how many acknowledgements may be on their way at the same time.
    init(prefetch: Int) { self.recentAcks = RecentAcks(capacity: prefetch) }

    /// Nothing is known, so nothing can be recognised.
    var isEmpty: Bool { self.orphans.isEmpty && self.memory.isEmpty }

    /// How many acknowledgements may be on their way at the same time.
    var prefetch: Int {
        get { self.recentAcks.capacity }
        set { self.recentAcks.capacity = newValue }
    }

    // MARK: - What the broker will deliver again

    /// The connection or channel was lost over it.
    mutating func orphaned(_ orphan: Orphan, _ delivery: Delivery) {
        let key = Policy.key(of: delivery)
        guard !self.orphans[key, default: []].contains(orphan) else { return }
        self.orphans[key, default: []].append(orphan)
    }

    /// It has ended: it stands for no message any more.
    mutating func ended(_ orphan: Orphan, _ delivery: Delivery) {
        guard !self.orphans.isEmpty else { return }
        let key = Policy.key(of: delivery)
        self.orphans[key]?.removeAll { $0 == orphan }
        if self.orphans[key]?.isEmpty == true { self.orphans[key] = nil }
    }

    // MARK: - What it may deliver again

    /// The acknowledgement goes out. Until newer ones have taken its place it may be lost with the connection.
    mutating func acknowledged(_ delivery: Delivery, at now: SteadyInstant) {
        self.recentAcks.add(delivery, at: now)
    }

    /// The event is done, but its tag is void: if it comes again, it is acknowledged without a run.
    mutating func settled(_ delivery: Delivery, at now: SteadyInstant) {
        if delivery.hasIdentity { self.memory.remember(Policy.key(of: delivery), now: now) }
    }

    /// A connection or channel was lost: nobody knows which of the last acknowledgements have arrived.
    ///
    /// - Parameter isCurrent: nothing is delivered until it is mended.
    mutating func interrupted(isCurrent: Bool, at now: SteadyInstant) {
        for delivery in self.recentAcks.takeAll(at: now) { self.settled(delivery, at: now) }
        if isCurrent { self.memory.interrupted(now: now) }
    }

    /// The broker delivers again: what it has not taken comes soon.
    mutating func delivering(since now: SteadyInstant) { self.memory.delivering(since: now) }

    // MARK: - What it delivers

    /// What is known of a message that has been delivered.
    mutating func recognize(_ delivery: Delivery, at now: SteadyInstant) -> Finding? {
        guard !self.isEmpty else { return nil }
        let key = Policy.key(of: delivery)
        guard Policy.mayBeKnown(delivery) else {
            self.memory.forget(key)
            return nil
        }
        if let orphan = self.orphans[key]?.first {
            self.orphans[key]?.removeFirst()
            if self.orphans[key]?.isEmpty == true { self.orphans[key] = nil }
            return .orphan(orphan)
        }
        return self.memory.take(key, now: now) ? .settled : nil
    }
}
