import Invoking

/// The deliveries of one consumer that are being run, each at a place that its invocation's id names. As many run at
/// the same time as the limit says, whatever it was before.
struct InFlight {
    private var runs = PlaceTable<HeldDelivery>()
    /// The identity of the event at each place: they are looked through together.
    private var identities: [EventIdentity?] = []
    private var free: [Int] = []
    /// How many runs have begun.
    private var begun: UInt64 = 0
    /// How many events that are being run have an identity with this mark: most of the time none, and nothing more has
    /// to be asked.
    private var marks = [UInt16](repeating: 0, count: EventIdentity.marks)
    var limit: Int

    init(limit: Int) { self.limit = limit }

    var count: Int { self.runs.count }
    var hasRoom: Bool { self.count < self.limit }
    var isEmpty: Bool { self.count == 0 }
    /// In the order of their places.
    var all: [HeldDelivery] { self.runs.elements }
    var ids: [InvocationID] { self.runs.ids { _ in true } }

    /// Gives it a place, and its invocation's id.
    mutating func add(_ held: HeldDelivery) -> InvocationID {
        let place = self.free.popLast() ?? self.identities.count
        if place == self.identities.count { self.identities.append(nil) }
        self.begun += 1
        let id = InvocationID(run: self.begun, place: place)
        self.runs.add(held, for: id)
        self.identities[place] = held.identity
        if let identity = held.identity { self.marks[identity.mark] += 1 }
        return id
    }

    /// Whether the event is being run, whatever message brought it.
    func runs(_ identity: EventIdentity?) -> Bool {
        guard let identity, self.marks[identity.mark] > 0 else { return false }
        return self.identities.contains(identity)
    }

    /// Nil when the invocation has ended.
    subscript(id: InvocationID) -> HeldDelivery? { self.runs[id] }

    /// - Returns: false when the invocation has ended.
    mutating func change(_ id: InvocationID, _ body: (inout HeldDelivery) -> Void) -> Bool {
        self.runs.update(id, body)
    }

    mutating func changeAll(_ body: (InvocationID, inout HeldDelivery) -> Void) { self.runs.updateAll(body) }

    mutating func remove(_ id: InvocationID) -> HeldDelivery? {
        guard let held = self.runs.remove(id) else { return nil }
        self.identities[id.place] = nil
        self.free.append(id.place)
        if let identity = held.identity { self.marks[identity.mark] -= 1 }
        return held
    }
}

extension InFlight: Hashable {
    static func == (one: InFlight, other: InFlight) -> Bool {
        one.runs == other.runs && one.begun == other.begun && one.limit == other.limit && one.free == other.free
    }

    /// Everything else follows from the runs.
    func hash(into hasher: inout Hasher) {
        hasher.combine(self.runs)
        hasher.combine(self.begun)
        hasher.combine(self.limit)
    }
}
