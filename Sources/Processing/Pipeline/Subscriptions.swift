import Messaging

/// One consumer's subscriptions: the present one, and those that are still leaving. A subscription with another
/// prefetch takes the place of the present one without a gap: the new one is made before the old one is told to go.
struct Subscriptions: Hashable {
    struct Present: Hashable {
        let prefetch: UInt16
        /// Nil between the request and its answer.
        var id: SubscriptionID?
        /// The broker delivers.
        var isActive = false
    }

    struct Leaving: Hashable {
        let id: SubscriptionID
        let departure: UnsubscribeMode
    }

    private(set) var present: Present?
    private(set) var leaving: [Leaving] = []

    /// Nothing is delivered and nothing will be.
    var isNone: Bool { self.present == nil && self.leaving.isEmpty }
    /// The broker delivers.
    var isActive: Bool { self.present?.isActive ?? false }

    /// What becomes of a delivery of this subscription.
    enum Standing {
        case present
        /// It is still good, and goes back to the queue.
        case leaving
        /// Its tag is void.
        case over
    }

    func standing(of id: SubscriptionID) -> Standing {
        if self.present?.id == id { return .present }
        return self.leaving.contains(Leaving(id: id, departure: .settling)) ? .leaving : .over
    }

    /// - Returns: the one whose place the new one takes.
    mutating func begin(prefetch: UInt16) -> SubscriptionID? {
        let old = self.present?.id
        self.present = Present(prefetch: prefetch)
        if let old { self.leaving.append(Leaving(id: old, departure: .settling)) }
        return old
    }

    mutating func began(_ id: SubscriptionID) { self.present?.id = id }

    /// - Returns: the one that leaves, if there was one.
    mutating func leave(_ departure: UnsubscribeMode) -> SubscriptionID? {
        guard let id = self.present?.id else { return nil }
        self.present = nil
        self.leaving.append(Leaving(id: id, departure: departure))
        return id
    }

    /// - Returns: whether it is the present one.
    mutating func setActive(_ isActive: Bool, _ id: SubscriptionID) -> Bool {
        guard self.present?.id == id else { return false }
        self.present?.isActive = isActive
        return true
    }

    mutating func ended(_ id: SubscriptionID) { self.leaving.removeAll { $0.id == id } }

    /// Forgets them all.
    ///
    /// - Returns: what they were.
    mutating func takeAll() -> [SubscriptionID] {
        defer { self = Subscriptions() }
        return self.leaving.map(\.id) + [self.present?.id].compactMap { $0 }
    }
}
