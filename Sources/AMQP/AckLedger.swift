/// Which deliveries of one channel are settled, and how few acknowledgements say so.
///
/// The broker numbers the deliveries of a channel from 1 without gaps. A prefix that is settled goes out as one
/// `multiple` acknowledgement; what is settled behind an unsettled one waits for it, because the gap usually closes at
/// once, and goes out by itself when it does not (see `takeStragglers`). Pure: it only counts.
struct AckLedger {
    private enum Mark: UInt8 {
        case outstanding
        case acknowledged
        /// Told to the broker by itself already: given back, refused, or acknowledged as a straggler.
        case told
    }

    /// The mark of tag `base + i` is at `head + i`.
    private var marks: [Mark] = []
    private var head = 0
    private var base: UInt64 = 1
    /// Acknowledged, and the broker does not know it yet.
    private(set) var untold = 0

    /// Deliveries that are not settled yet.
    private(set) var outstanding = 0

    mutating func delivered(_ tag: UInt64) {
        if self.head == self.marks.count {
            self.marks.removeAll(keepingCapacity: true)
            self.head = 0
            self.base = tag
        }
        self.marks.append(.outstanding)
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
        guard tag >= self.base, let index = Int(exactly: tag - self.base).map({ self.head + $0 }),
            index < self.marks.count, self.marks[index] == .outstanding
        else { return false }
        self.marks[index] = mark
        self.outstanding -= 1
        return true
    }

    /// The tag up to which everything is settled, if that says anything new. It is the highest acknowledged one of
    /// the prefix: naming a tag that was given back would be an unknown tag to the broker.
    mutating func takePrefix() -> (tag: UInt64, isMultiple: Bool)? {
        var last: UInt64?
        var count = 0
        while self.head < self.marks.count, self.marks[self.head] != .outstanding {
            if self.marks[self.head] == .acknowledged {
                last = self.base
                count += 1
            }
            self.head += 1
            self.base += 1
        }
        self.untold -= count
        if self.head > 4096, self.head * 2 > self.marks.count {
            self.marks.removeFirst(self.head)
            self.head = 0
        }
        return last.map { ($0, count > 1) }
    }

    /// The acknowledged deliveries behind an outstanding one, to be told one by one.
    mutating func takeStragglers() -> [UInt64] {
        guard self.untold > 0 else { return [] }
        var tags: [UInt64] = []
        for index in self.head..<self.marks.count where self.marks[index] == .acknowledged {
            self.marks[index] = .told
            tags.append(self.base + UInt64(index - self.head))
        }
        self.untold = 0
        return tags
    }
}
