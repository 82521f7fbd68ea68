import Messaging

/// What becomes of a message that the broker delivers again because it could not be acknowledged in time.
///
/// Three things make another run needless: the event is settled already (`AckMemory`), it still runs, or it is being
/// settled. In the last two cases the new delivery takes the place of the old one, whose tag is void.
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
    }

    private var memory = AckMemory()
    /// Runs and settlements whose tag is void, by their event. No more than there are of them.
    private var orphans: [EventKey: Orphan] = [:]

    var isEmpty: Bool { self.orphans.isEmpty && self.memory.isEmpty }

    /// The connection or channel was lost over it.
    mutating func orphaned(_ running: RunningDelivery) {
        self.orphans[EventKey(running.delivery)] = .running(running.id)
    }

    mutating func orphaned(_ receipt: Receipt) { self.orphans[EventKey(receipt.delivery)] = .settling(receipt) }

    /// It is settled, and the broker may not know. One that its publisher gave no id is not remembered: equal messages
    /// cannot be told apart then, and one that was settled must not stand for another that still waits.
    mutating func settled(_ delivery: Delivery) {
        let key = EventKey(delivery)
        self.orphans[key] = nil
        if delivery.isIdentified { self.memory.remember(key, now: .now) }
    }

    /// It has ended without being settled: delivered again it is run again.
    mutating func forget(_ delivery: Delivery) {
        if !self.orphans.isEmpty { self.orphans[EventKey(delivery)] = nil }
    }

    mutating func recognize(_ delivery: Delivery) -> Finding? {
        let key = EventKey(delivery)
        switch self.orphans.removeValue(forKey: key) {
        case .running(let id)?: return .running(id)
        case .settling(let receipt)?: return .settling(receipt)
        case nil: return self.memory.take(key, now: .now) ? .settled : nil
        }
    }
}

extension Delivery {
    /// Its publisher gave it an id; a copy of one without has a generated one.
    fileprivate var isIdentified: Bool {
        let attributes = EventAttributes(self)
        return attributes.id.count > 0 && !self.eventID(attributes).hasPrefix(EventAttributes.generatedPrefix)
    }
}

/// By which a delivery that is being settled will be acknowledged. Delivered again meanwhile, the last delivery counts.
final class Receipt {
    private(set) var delivery: Delivery
    private(set) var life: SubscriptionLife

    init(_ running: RunningDelivery) {
        self.delivery = running.delivery
        self.life = running.life
    }

    func replace(_ delivery: Delivery, _ life: SubscriptionLife) {
        self.delivery = delivery
        self.life = life
    }
}
