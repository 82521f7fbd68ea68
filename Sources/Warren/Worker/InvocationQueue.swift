import WorkerProtocol

/// An invocation that waits for a lane or runs in one.
struct PendingInvocation: Sendable {
    let received: ReceivedInvocation
    let deadline: ContinuousClock.Instant

    /// When the invocation was received, which is when its timeout began.
    var arrival: ContinuousClock.Instant {
        self.deadline.advanced(by: .milliseconds(-Int64(self.received.run.timeoutMilliseconds)))
    }
}

/// A first-in-first-out queue. Removing an element does not move the others, except when the queue is compacted now and
/// then.
///
/// The `Deque` of swift-collections would do, but every author compiles and links what this target depends on, and
/// `DequeModule` with the two modules beneath it is more code than this whole target.
struct InvocationQueue {
    private var elements: [PendingInvocation?] = []
    private var head = 0

    /// The number of slots in the array, including those of removed elements.
    var span: Int { self.elements.count }
    var count: Int { self.elements.count - self.head }
    var isEmpty: Bool { self.head == self.elements.count }
    /// The element at this offset from the front; `nil` if there are not enough elements.
    func element(at offset: Int) -> PendingInvocation? {
        offset < self.count ? self.elements[self.head + offset] : nil
    }
    var earliestDeadline: ContinuousClock.Instant? {
        self.elements[self.head...].lazy.compactMap { $0?.deadline }.min()
    }

    mutating func append(_ element: PendingInvocation) { self.elements.append(element) }

    mutating func popFirst() -> PendingInvocation? {
        guard self.head < self.elements.count else { return nil }
        let element = self.elements[self.head]
        self.elements[self.head] = nil
        self.head += 1
        if self.head == self.elements.count {
            self.elements.removeAll(keepingCapacity: true)
            self.head = 0
        } else if self.head > 4096, self.head * 2 > self.elements.count {
            // A queue under steady load is never empty, and must not grow without bound.
            self.elements.removeFirst(self.head)
            self.head = 0
        }
        return element
    }

    mutating func removeAll(where condition: (PendingInvocation) -> Bool) -> [PendingInvocation] {
        let waiting = self.elements[self.head...].compactMap { $0 }
        self.elements = waiting.filter { !condition($0) }
        self.head = 0
        return waiting.filter(condition)
    }
}
