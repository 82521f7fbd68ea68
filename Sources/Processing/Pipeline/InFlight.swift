import Invoking

/// The deliveries of one function that are being run, each at a place that its invocation's id names. As many run at
/// the same time as the limit says, whatever it was before.
struct InFlight {
    private struct Run: Hashable {
        let id: InvocationID
        var held: HeldDelivery
    }

    private var places: [Run?] = []
    /// The identity of the event at each place, beside it: they are looked through together.
    private var identities: [EventIdentity?] = []
    private var free: [Int] = []
    private var runs: UInt64 = 0
    /// How many events that are being run have an identity with this mark: most of the time none, and nothing more has
    /// to be asked.
    private var marks = [UInt16](repeating: 0, count: EventIdentity.marks)
    private(set) var count = 0
    var limit: Int

    init(limit: Int) { self.limit = limit }

    var hasRoom: Bool { self.count < self.limit }
    var isEmpty: Bool { self.count == 0 }
    var all: [HeldDelivery] { self.places.compactMap(\.?.held) }
    var ids: [InvocationID] { self.places.compactMap(\.?.id) }

    /// Gives it a place, and its invocation's id.
    mutating func add(_ held: HeldDelivery) -> InvocationID {
        let place = self.free.popLast() ?? self.places.count
        if place == self.places.count {
            self.places.append(nil)
            self.identities.append(nil)
        }
        self.runs += 1
        let id = InvocationID(run: self.runs, place: place)
        self.places[place] = Run(id: id, held: held)
        self.count += 1
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
    subscript(id: InvocationID) -> HeldDelivery? { self.holds(id) ? self.places[id.place]?.held : nil }

    private func holds(_ id: InvocationID) -> Bool {
        id.place < self.places.count && self.places[id.place]?.id == id
    }

    /// - Returns: false when the invocation has ended.
    mutating func change(_ id: InvocationID, _ body: (inout HeldDelivery) -> Void) -> Bool {
        guard self.holds(id), var run = self.places[id.place] else { return false }
        body(&run.held)
        self.places[id.place] = run
        return true
    }

    mutating func changeAll(_ body: (InvocationID, inout HeldDelivery) -> Void) {
        for place in self.places.indices {
            if var run = self.places[place] {
                body(run.id, &run.held)
                self.places[place] = run
            }
        }
    }

    mutating func remove(_ id: InvocationID) -> HeldDelivery? {
        guard self.holds(id), let held = self.places[id.place]?.held else { return nil }
        self.places[id.place] = nil
        self.identities[id.place] = nil
        self.free.append(id.place)
        self.count -= 1
        if let identity = held.identity { self.marks[identity.mark] -= 1 }
        return held
    }
}

extension InFlight: Hashable {
    static func == (one: InFlight, other: InFlight) -> Bool {
        one.places == other.places && one.runs == other.runs && one.limit == other.limit && one.free == other.free
    }

    /// Everything else follows from the places.
    func hash(into hasher: inout Hasher) {
        hasher.combine(self.places)
        hasher.combine(self.runs)
        hasher.combine(self.limit)
    }
}
