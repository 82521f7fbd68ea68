import DequeModule

/// Which deliveries of one channel are settled, and how few acknowledgements say so.
///
/// A prefix of the deliveries that is settled goes out as one `multiple` acknowledgement; what is settled behind an
/// unsettled one waits for it a moment, because the gap usually closes at once, and goes out by itself when it does
/// not (see `takeStragglers`). Pure: it only counts. It holds what is unsettled or untold and no more, so a delivery
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
    private var entries = Deque<Entry>()
    /// Acknowledged, and the broker does not know it yet.
    private(set) var untold = 0

    /// Deliveries that are not settled yet.
    private(set) var outstanding = 0

    mutating func delivered(_ tag: UInt64) {
        if self.entries.count > 1024, self.entries.count > 4 * (self.outstanding + self.untold) {
            self.entries.removeAll { $0.mark == .told }
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
        guard let first = self.entries.first, tag >= first.tag else { return nil }
        // Nearly always no tag behind the first one is missing.
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

    /// The tag up to which everything is settled, if that says anything new. It is the highest acknowledged one of
    /// the prefix: naming a tag that was given back would be an unknown tag to the broker.
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
        self.untold -= count
        return last.map { ($0, count > 1) }
    }

    /// The acknowledged deliveries behind an outstanding one, to be told one by one.
    mutating func takeStragglers() -> [UInt64] {
        guard self.untold > 0 else { return [] }
        let tags = self.entries.compactMap { $0.mark == .acknowledged ? $0.tag : nil }
        self.entries.removeAll { $0.mark != .outstanding }
        self.untold = 0
        return tags
    }
}
