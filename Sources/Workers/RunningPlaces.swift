/// What the workers of one function run, by the place that the lower 16 bits of an invocation's id name.
struct RunningPlaces {
    private struct Place {
        let id: UInt64
        /// The number of the worker that runs it.
        let worker: Int
    }

    private var places: [Place?] = []
    private(set) var count = 0

    private static func index(of id: UInt64) -> Int { Int(id & 0xffff) }

    /// The worker that runs it.
    subscript(id: UInt64) -> Int? {
        let index = Self.index(of: id)
        guard index < self.places.count, let place = self.places[index], place.id == id else { return nil }
        return place.worker
    }

    mutating func add(_ id: UInt64, of worker: Int) {
        let index = Self.index(of: id)
        while self.places.count <= index { self.places.append(nil) }
        self.places[index] = Place(id: id, worker: worker)
        self.count += 1
    }

    /// Whether the worker was running it.
    mutating func remove(_ id: UInt64, of worker: Int) -> Bool {
        guard self[id] == worker else { return false }
        self.places[Self.index(of: id)] = nil
        self.count -= 1
        return true
    }

    func all(of worker: Int) -> [UInt64] { self.places.compactMap { $0?.worker == worker ? $0?.id : nil } }

    /// Takes out all that the worker was running.
    mutating func removeAll(of worker: Int) -> [UInt64] {
        let removed = self.all(of: worker)
        for id in removed { self.places[Self.index(of: id)] = nil }
        self.count -= removed.count
        return removed
    }
}
