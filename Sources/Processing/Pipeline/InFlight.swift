/// The deliveries of one function that are being run, each at a place that its invocation's id names. As many run at
/// the same time as the limit says, whatever it was before.
struct InFlight {
    private var places: [HeldDelivery?] = []
    /// The identity of the event at each place, beside it: they are looked through together.
    private var identities: [EventIdentity?] = []
    private var free: [Int] = []
    private var runs: UInt64 = 0
    /// How many events that are being run have an identity with this mark: most of the time none, and nothing more has to
    /// be asked.
    private var marks = [UInt16](repeating: 0, count: EventIdentity.marks)
    private(set) var count = 0
    var limit: Int

    init(limit: Int) { self.limit = limit }

    var hasRoom: Bool { self.count < self.limit }
    var isEmpty: Bool { self.count == 0 }
    var all: [HeldDelivery] { self.places.compactMap { $0 } }

    /// Gives it a place, and its invocation's id: the number of the run above, the place in the lower 16 bits.
    mutating func add(_ next: HeldDelivery) -> HeldDelivery {
        let place = self.free.popLast() ?? self.places.count
        if place == self.places.count {
            self.places.append(nil)
            self.identities.append(nil)
        }
        self.runs += 1
        var running = next
        running.id = self.runs << 16 | UInt64(place)
        self.places[place] = running
        self.count += 1
        self.identities[place] = running.identity
        if let identity = running.identity { self.marks[identity.mark] += 1 }
        return running
    }

    /// Whether the event is being run, whatever message brought it.
    func runs(_ identity: EventIdentity?) -> Bool {
        guard let identity, self.marks[identity.mark] > 0 else { return false }
        return self.identities.contains(identity)
    }

    subscript(id: UInt64) -> HeldDelivery? {
        get {
            let place = Int(id & 0xffff)
            guard place < self.places.count, let running = self.places[place], running.id == id else { return nil }
            return running
        }
        set {
            guard self[id] != nil, newValue?.id == id else { return }
            self.places[Int(id & 0xffff)] = newValue
        }
    }

    mutating func changeAll(_ body: (inout HeldDelivery) -> Void) {
        for place in self.places.indices {
            if var held = self.places[place] {
                body(&held)
                self.places[place] = held
            }
        }
    }

    mutating func remove(_ id: UInt64) -> HeldDelivery? {
        let place = Int(id & 0xffff)
        guard place < self.places.count, let running = self.places[place], running.id == id else { return nil }
        self.places[place] = nil
        self.identities[place] = nil
        self.free.append(place)
        self.count -= 1
        if let identity = running.identity { self.marks[identity.mark] -= 1 }
        return running
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
