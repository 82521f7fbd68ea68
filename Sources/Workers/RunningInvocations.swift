import Processing

/// What the workers of one function run, by the place that the lower 16 bits of an invocation's id name.
struct RunningInvocations {
    struct Place {
        let invocation: Invocation
        /// The number of the worker that runs it.
        let worker: Int
        /// The tick of the watch at which it was sent.
        let tick: Int
    }

    private var places: [Place?] = []

    subscript(id: UInt64) -> Place? {
        let index = Self.index(of: id)
        guard index < self.places.count, let place = self.places[index], place.invocation.id == id else { return nil }
        return place
    }

    private static func index(of id: UInt64) -> Int { Int(id & 0xffff) }

    mutating func add(_ place: Place) {
        let index = Self.index(of: place.invocation.id)
        while self.places.count <= index { self.places.append(nil) }
        self.places[index] = place
    }

    /// Whether the worker was running it.
    mutating func remove(_ id: UInt64, of worker: Int) -> Bool {
        guard self[id]?.worker == worker else { return false }
        self.places[Self.index(of: id)] = nil
        return true
    }

    /// Takes out all that the worker was running.
    mutating func removeAll(of worker: Int) -> [Place] {
        let removed = self.places.compactMap { $0?.worker == worker ? $0 : nil }
        for place in removed { self.places[Self.index(of: place.invocation.id)] = nil }
        return removed
    }

    /// The workers that run at least one of those.
    func workers(running isMeant: (Place) -> Bool) -> Set<Int> {
        Set(self.places.compactMap { $0 }.filter(isMeant).map(\.worker))
    }
}
