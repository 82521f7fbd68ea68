import HeapModule

/// Identifies a scheduled timer.
package struct TimerID: Sendable, Hashable {
    let number: UInt64
}

/// Timers in the order in which they fall due; of timers with equal deadlines the one scheduled first.
///
/// A loop may have thousands of timers, one for each settlement that waits to be tried again, so they are kept in a
/// heap. Cancelling a timer only removes its body. Its place in the heap is skipped when it comes to the front, and all
/// such places are removed together when they are more than half.
struct TimerQueue {
    private struct Place: Comparable {
        let deadline: ContinuousClock.Instant
        let number: UInt64

        static func < (one: Place, other: Place) -> Bool {
            one.deadline == other.deadline ? one.number < other.number : one.deadline < other.deadline
        }
    }

    private var places = Heap<Place>()
    /// The bodies of timers that have neither run nor been cancelled, by number.
    private var bodies: [UInt64: () -> Void] = [:]
    private var nextNumber: UInt64 = 1

    var isEmpty: Bool { self.bodies.isEmpty }
    /// The number of places in the heap, those of cancelled timers included.
    var span: Int { self.places.count }

    mutating func schedule(at deadline: ContinuousClock.Instant, _ body: @escaping () -> Void) -> TimerID {
        let number = self.nextNumber
        self.nextNumber += 1
        self.places.insert(Place(deadline: deadline, number: number))
        self.bodies[number] = body
        return TimerID(number: number)
    }

    /// Cancels a timer. Does nothing when it has run or was cancelled before.
    mutating func cancel(_ id: TimerID) {
        if self.bodies.removeValue(forKey: id.number) != nil { self.clearAway() }
    }

    /// Removes the places of cancelled timers. The cost is proportional to the places, of which at least half were
    /// cancelled since the last time.
    private mutating func clearAway() {
        guard self.places.count > 2 * self.bodies.count else { return }
        self.places = Heap(self.places.unordered.filter { self.bodies[$0.number] != nil })
    }

    /// The milliseconds until the next timer is due, rounded up so that it is due by then; -1 when there is no timer.
    mutating func millisecondsToNext() -> Int32 {
        guard let next = self.first else { return -1 }
        let wait = next.deadline - .now
        guard wait > .zero else { return 0 }
        return Int32(clamping: Int64(wait / .milliseconds(1)) + 1)
    }

    /// Takes the body of the first timer that is due. One at a time, because the body may schedule and cancel other
    /// timers.
    mutating func popDue(at now: ContinuousClock.Instant) -> (() -> Void)? {
        guard let next = self.first, next.deadline <= now else { return nil }
        self.places.removeMin()
        defer { self.clearAway() }
        return self.bodies.removeValue(forKey: next.number)
    }

    /// The place of the first timer that was not cancelled.
    private var first: Place? {
        mutating get {
            while let place = self.places.min {
                if self.bodies[place.number] != nil { return place }
                self.places.removeMin()
            }
            return nil
        }
    }
}
