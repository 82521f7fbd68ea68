/// Deliveries of events that are being run at this moment because of another message. Each of them stays here,
/// unacknowledged, until that run has ended, and is run then: one event never runs twice at the same time on one host.
///
/// There can be two messages of one event:
/// - A host published the copy of a retry, and was killed before it could acknowledge what the copy replaces.
/// - Whoever published it, a host or the event's own publisher, lost its connection before the confirmation came, and
///   published it again.
///
/// A value without a clock.
struct DuplicateHold {
    private(set) var deliveries: [RunningDelivery] = []

    var isEmpty: Bool { self.deliveries.isEmpty }

    mutating func keep(_ delivery: RunningDelivery) { self.deliveries.append(delivery) }

    /// The first one whose event is not being run any more.
    mutating func next(beside inFlight: InFlight) -> RunningDelivery? {
        self.deliveries.firstIndex { !inFlight.runs($0.identity) }.map { self.deliveries.remove(at: $0) }
    }

    mutating func takeAll() -> [RunningDelivery] {
        defer { self.deliveries.removeAll() }
        return self.deliveries
    }

    /// Forgets what the broker has taken back.
    mutating func dropVoid() { self.deliveries.removeAll { $0.life.isOver } }
}
