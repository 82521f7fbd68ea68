import DequeModule

/// Tracks which deliveries of one channel are settled, and returns the few acknowledgements that tell the broker so.
///
/// When all deliveries up to a tag are settled, one acknowledgement with `multiple` covers them. Acknowledged
/// deliveries behind an unsettled one wait a moment, because the gap usually closes at once; when it does not, each is
/// acknowledged alone (see `takeStragglers`). A value without I/O. It keeps little beside the deliveries that are
/// unsettled or that the broker does not know to be settled, so a delivery that runs for hours costs nothing for those
/// that pass it.
struct AckLedger {
    private enum Mark: UInt8 {
        case outstanding
        case acknowledged
        /// Settled with a method of its own, which was sent already: requeued or rejected.
        case told
    }

    private struct Entry {
        let tag: UInt64
        var mark: Mark
    }

    /// By tag, ascending: the broker numbers the deliveries of a channel in their order.
    private var entries = Deque<Entry>()
    /// Acknowledged deliveries that the broker has not been told about yet.
    private(set) var unsent = 0

    /// Deliveries that are not settled yet.
    private(set) var outstanding = 0

    mutating func delivered(_ tag: UInt64) {
        if self.entries.count > 1024, self.entries.count > 4 * (self.outstanding + self.unsent) {
            self.entries.removeAll { $0.mark == .told }
        }
        self.entries.append(Entry(tag: tag, mark: .outstanding))
        self.outstanding += 1
    }

    /// Marks a delivery as acknowledged. Returns false when the tag is not outstanding: it must not be sent then.
    mutating func acknowledge(_ tag: UInt64) -> Bool {
        guard self.set(tag, to: .acknowledged) else { return false }
        self.unsent += 1
        return true
    }

    /// Marks a delivery that the caller settles with a method of its own. Returns false when it is not outstanding.
    mutating func tell(_ tag: UInt64) -> Bool { self.set(tag, to: .told) }

    private mutating func set(_ tag: UInt64, to mark: Mark) -> Bool {
        guard let index = self.index(of: tag), self.entries[index].mark == .outstanding else { return false }
        self.entries[index].mark = mark
        self.outstanding -= 1
        return true
    }

    private func index(of tag: UInt64) -> Int? {
        guard let first = self.entries.first, tag >= first.tag else { return nil }
        // Tags are nearly always consecutive, so the distance from the first one is the index.
        let likely = Int(clamping: tag - first.tag)
        if likely < self.entries.count, self.entries[likely].tag == tag { return likely }
        var low = 0
        var high = min(likely, self.entries.count)
        while low < high {
            let middle = (low + high) / 2
            if self.entries[middle].tag < tag { low = middle + 1 } else { high = middle }
        }
        return low < self.entries.count && self.entries[low].tag == tag ? low : nil
    }

    /// Takes the settled deliveries at the front, and returns the tag to acknowledge; `nil` when the broker knows all
    /// of it already. The tag is the highest acknowledged one: a tag that was requeued or rejected is unknown to the
    /// broker.
    mutating func takePrefix() -> (tag: UInt64, isMultiple: Bool)? {
        var last: UInt64?
        var count = 0
        var settled = 0
        for entry in self.entries {
            guard entry.mark != .outstanding else { break }
            settled += 1
            guard entry.mark == .acknowledged else { continue }
            last = entry.tag
            count += 1
        }
        self.entries.removeFirst(settled)
        self.unsent -= count
        return last.map { ($0, count > 1) }
    }

    /// Takes the acknowledged deliveries behind an outstanding one, to be acknowledged one by one.
    mutating func takeStragglers() -> [UInt64] {
        guard self.unsent > 0 else { return [] }
        let tags = self.entries.compactMap { $0.mark == .acknowledged ? $0.tag : nil }
        self.entries.removeAll { $0.mark != .outstanding }
        self.unsent = 0
        return tags
    }
}
