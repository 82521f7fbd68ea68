import WorkerProtocol

/// An invocation that waits for a lane or runs in one.
struct PendingInvocation: Sendable {
    let received: ReceivedInvocation
    let deadline: ContinuousClock.Instant

    /// When it was received, which is when its timeout began to run.
    var arrival: ContinuousClock.Instant {
        self.deadline.advanced(by: .milliseconds(-Int64(self.received.run.timeoutMilliseconds)))
    }
}

/// First in, first out, without moving what stays, but for a compaction now and then.
///
/// swift-collections' `Deque` would do. It is not taken, because every author compiles and links what this target
/// depends on: `DequeModule` and the two modules beneath it are more code than all of this target.
struct InvocationQueue {
    private var elements: [PendingInvocation?] = []
    private var head = 0

    /// Places held, those of taken elements included.
    var span: Int { self.elements.count }
    var count: Int { self.elements.count - self.head }
    var isEmpty: Bool { self.head == self.elements.count }
    /// The element that `offset` others stand before; nil when there are not so many.
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
            // A queue under steady load is never empty, and must not grow for ever.
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
