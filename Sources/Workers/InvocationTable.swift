import Processing

/// Invocations by the place that the lower 16 bits of their id name.
struct InvocationTable {
    private var places: [Invocation?] = []

    private static func index(of id: UInt64) -> Int { Int(id & 0xffff) }

    subscript(id: UInt64) -> Invocation? {
        let index = Self.index(of: id)
        guard index < self.places.count, let invocation = self.places[index], invocation.id == id else { return nil }
        return invocation
    }

    mutating func add(_ invocation: Invocation) {
        let index = Self.index(of: invocation.id)
        while self.places.count <= index { self.places.append(nil) }
        self.places[index] = invocation
    }

    mutating func remove(_ id: UInt64) {
        guard self[id] != nil else { return }
        self.places[Self.index(of: id)] = nil
    }
}
