/// A table of elements by invocation: looked up by place without hashing, and never mistaken for an earlier invocation
/// at the same place.
///
/// Other modules use it for every event, so it has to be specialized for its elements there. The compiler does that for
/// public declarations, but not for `package` ones, `@inlinable` or not.
public struct PlaceTable<Element> {
    @usableFromInline
    struct Entry {
        @usableFromInline let id: InvocationID
        @usableFromInline var element: Element

        @inlinable
        init(id: InvocationID, element: Element) {
            self.id = id
            self.element = element
        }
    }

    @usableFromInline var places: [Entry?] = []
    @usableFromInline var taken = 0

    @inlinable
    public init() {}

    @inlinable
    public var count: Int { self.taken }

    @inlinable
    public subscript(id: InvocationID) -> Element? {
        guard self.contains(id) else { return nil }
        return self.places[id.place]?.element
    }

    @inlinable
    func contains(_ id: InvocationID) -> Bool { id.place < self.places.count && self.places[id.place]?.id == id }

    @inlinable
    public mutating func add(_ element: Element, for id: InvocationID) {
        let index = id.place
        while self.places.count <= index { self.places.append(nil) }
        if self.places[index] == nil { self.taken += 1 }
        self.places[index] = Entry(id: id, element: element)
    }

    /// - Returns: the element that was removed; `nil` when the table has none for the invocation.
    @inlinable
    @discardableResult
    public mutating func remove(_ id: InvocationID) -> Element? {
        guard self.contains(id), let entry = self.places[id.place] else { return nil }
        self.places[id.place] = nil
        self.taken -= 1
        return entry.element
    }

    /// - Returns: false when the table has no element for the invocation.
    @inlinable
    public mutating func update(_ id: InvocationID, _ body: (inout Element) -> Void) -> Bool {
        guard self.contains(id), var entry = self.places[id.place] else { return false }
        body(&entry.element)
        self.places[id.place] = entry
        return true
    }

    /// Changes every element, in the order of the places.
    @inlinable
    public mutating func updateAll(_ body: (InvocationID, inout Element) -> Void) {
        for place in self.places.indices {
            guard var entry = self.places[place] else { continue }
            body(entry.id, &entry.element)
            self.places[place] = entry
        }
    }

    /// In the order of the places.
    @inlinable
    public var elements: [Element] { self.places.compactMap { $0?.element } }

    @inlinable
    public func ids(where isIncluded: (Element) -> Bool) -> [InvocationID] {
        self.places.compactMap { entry in entry.flatMap { isIncluded($0.element) ? $0.id : nil } }
    }
}

extension PlaceTable.Entry: Equatable where Element: Equatable {}
extension PlaceTable.Entry: Hashable where Element: Hashable {}
extension PlaceTable: Equatable where Element: Equatable {}
extension PlaceTable: Hashable where Element: Hashable {}
