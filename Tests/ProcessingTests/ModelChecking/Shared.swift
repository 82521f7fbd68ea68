/// A value that many worlds have in common: to copy it costs one reference, and its hash is computed once. Changed, it
/// is copied first if others have it too.
struct Shared<Value: Hashable>: Hashable {
    private final class Box {
        var value: Value
        var hash: Int?

        init(_ value: Value) { self.value = value }
    }

    private var box: Box

    init(_ value: Value) { self.box = Box(value) }

    var value: Value {
        _read { yield self.box.value }
        _modify {
            if !isKnownUniquelyReferenced(&self.box) { self.box = Box(self.box.value) }
            self.box.hash = nil
            yield &self.box.value
        }
    }

    static func == (one: Self, other: Self) -> Bool { one.box === other.box || one.value == other.value }

    func hash(into hasher: inout Hasher) {
        let hash = self.box.hash ?? self.box.value.hashValue
        self.box.hash = hash
        hasher.combine(hash)
    }
}

extension Shared: CustomStringConvertible {
    var description: String { "\(self.value)" }
}
