/// Names a scheduled timer.
package struct TimerID: Sendable, Hashable {
    let number: UInt64
}

/// Timers in the order in which they fall due. A loop has few of them (back-offs, watchdogs), so a sorted list does.
struct TimerQueue {
    private struct Entry {
        let deadline: ContinuousClock.Instant
        let id: TimerID
        let body: () -> Void
    }

    private var entries: [Entry] = []
    private var nextNumber: UInt64 = 1

    mutating func schedule(at deadline: ContinuousClock.Instant, _ body: @escaping () -> Void) -> TimerID {
        let id = TimerID(number: self.nextNumber)
        self.nextNumber += 1
        // Looked for from the end: many timers of the same length are made one after the other.
        let before = self.entries.lastIndex { $0.deadline <= deadline }
        self.entries.insert(Entry(deadline: deadline, id: id, body: body), at: before.map { $0 + 1 } ?? 0)
        return id
    }

    mutating func cancel(_ id: TimerID) {
        self.entries.removeAll { $0.id == id }
    }

    /// The time to wait for the next timer, rounded up so that it is due after it; -1 when there is none.
    func millisecondsToNext() -> Int32 {
        guard let next = self.entries.first else { return -1 }
        let wait = next.deadline - .now
        guard wait > .zero else { return 0 }
        return Int32(clamping: Int64(wait / .milliseconds(1)) + 1)
    }

    /// Takes out the first timer that is due. One at a time, because what it does may schedule and cancel others.
    mutating func popDue(at now: ContinuousClock.Instant) -> (() -> Void)? {
        guard let next = self.entries.first, next.deadline <= now else { return nil }
        return self.entries.removeFirst().body
    }

    var isEmpty: Bool { self.entries.isEmpty }
}
