/// A table of elements by invocation: looked up by place without hashing, and never mistaken for an earlier invocation
/// at the same place.
///
/// Other modules use it for every event, so it has to be specialized for its elements there. The compiler does that for
/// public declarations, but not for `package` ones, `@inlinable` or not.
public struct PlaceTable<Element> {
    @usableFromInline var places: [(id: InvocationID, element: Element)?] = []
    @usableFromInline var taken = 0

    @inlinable
    public init() {}

    @inlinable
    public var count: Int { self.taken }

    @inlinable
    public subscript(id: InvocationID) -> Element? {
        let index = id.place
        guard index < self.places.count, let place = self.places[index], place.id == id else { return nil }
        return place.element
    }

    @inlinable
    public mutating func add(_ element: Element, for id: InvocationID) {
        let index = id.place
        while self.places.count <= index { self.places.append(nil) }
        if self.places[index] == nil { self.taken += 1 }
        self.places[index] = (id, element)
    }

    @inlinable
    public mutating func remove(_ id: InvocationID) {
        guard self[id] != nil else { return }
        self.places[id.place] = nil
        self.taken -= 1
    }

    @inlinable
    public func ids(where isMeant: (Element) -> Bool) -> [InvocationID] {
        self.places.compactMap { place in place.flatMap { isMeant($0.element) ? $0.id : nil } }
    }
}
