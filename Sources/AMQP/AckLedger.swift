/// Which deliveries of one channel are settled, and how few acknowledgements say so.
///
/// A prefix of the deliveries that is settled goes out as one `multiple` acknowledgement; what is settled behind an
/// unsettled one waits for it a moment, because the gap usually closes at once, and goes out by itself when it does
/// not (see `tellStragglers`). Pure: it only counts. It holds what is unsettled or untold and no more, so a delivery
/// that runs for hours costs nothing for those that pass it.
struct AckLedger {
    private enum Mark: UInt8 {
        case outstanding
        case acknowledged
        /// Told to the broker by itself already: given back, refused, or acknowledged as a straggler.
        case told
    }

    private struct Entry {
        let tag: UInt64
        var mark: Mark
    }

    /// By tag, ascending: the broker numbers the deliveries of a channel in their order.
    private var entries: [Entry] = []
    private var head = 0
    /// Acknowledged, and the broker does not know it yet.
    private(set) var untold = 0

    /// Deliveries that are not settled yet.
    private(set) var outstanding = 0

    mutating func delivered(_ tag: UInt64) {
        if self.head == self.entries.count {
            self.entries.removeAll(keepingCapacity: true)
            self.head = 0
        } else if self.entries.count > 1024, self.entries.count > 4 * (self.outstanding + self.untold) {
            self.compact()
        }
        self.entries.append(Entry(tag: tag, mark: .outstanding))
        self.outstanding += 1
    }

    /// Marks a delivery as acknowledged. False when the tag is not outstanding: it must not be sent then.
    mutating func acknowledge(_ tag: UInt64) -> Bool {
        guard self.set(tag, to: .acknowledged) else { return false }
        self.untold += 1
        return true
    }

    /// Marks a delivery that the caller settles with a method of its own. False when it is not outstanding.
    mutating func tell(_ tag: UInt64) -> Bool { self.set(tag, to: .told) }

    private mutating func set(_ tag: UInt64, to mark: Mark) -> Bool {
        guard let index = self.index(of: tag), self.entries[index].mark == .outstanding else { return false }
        self.entries[index].mark = mark
        self.outstanding -= 1
        return true
    }

    private func index(of tag: UInt64) -> Int? {
        var low = self.head
        var high = self.entries.count
        while low < high {
            let middle = (low + high) / 2
            if self.entries[middle].tag < tag { low = middle + 1 } else { high = middle }
        }
        return low < self.entries.count && self.entries[low].tag == tag ? low : nil
    }

    /// Tells the tag up to which everything is settled, if that says anything new. It is the highest acknowledged one
    /// of the prefix: naming a tag that was given back would be an unknown tag to the broker.
    ///
    /// - Parameter send: returns whether the acknowledgement went out; what did not stays untold.
    mutating func tellPrefix(_ send: (_ tag: UInt64, _ isMultiple: Bool) -> Bool) {
        var end = self.head
        var last: UInt64?
        var count = 0
        while end < self.entries.count, self.entries[end].mark != .outstanding {
            if self.entries[end].mark == .acknowledged {
                last = self.entries[end].tag
                count += 1
            }
            end += 1
        }
        if let last, !send(last, count > 1) { return }
        self.head = end
        self.untold -= count
    }

    /// Tells the acknowledged deliveries behind an outstanding one, one by one.
    ///
    /// - Parameter send: returns whether the acknowledgement went out; what did not stays untold.
    mutating func tellStragglers(_ send: (_ tag: UInt64) -> Bool) {
        guard self.untold > 0 else { return }
        for index in self.entries.indices.dropFirst(self.head) where self.entries[index].mark == .acknowledged {
            guard send(self.entries[index].tag) else { break }
            self.entries[index].mark = .told
            self.untold -= 1
        }
        self.compact()
    }

    /// Ends the channel's life: what was acknowledged and never told, ascending. Every tag is forgotten.
    mutating func end() -> [UInt64] {
        let tags = self.entries[self.head...].compactMap { $0.mark == .acknowledged ? $0.tag : nil }
        self = AckLedger()
        return tags
    }

    private mutating func compact() {
        self.entries = self.entries[self.head...].filter { $0.mark != .told }
        self.head = 0
    }
}
