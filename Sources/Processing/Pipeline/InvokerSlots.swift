/// One invoker's time in a pipeline: it is a candidate until it is ready, serves, and is retired when another takes its
/// place; then it ends with the last invocation that it runs.
struct InvokerSlot: Hashable {
    /// Numbered in the order in which they came.
    struct ID: Hashable, Sendable {
        let number: Int
    }

    let id: ID
    var isReady = false {
        didSet { self.hasBeenReady = self.hasBeenReady || self.isReady }
    }
    private(set) var hasBeenReady = false
    /// Why nothing can be run.
    var problem: String?
    /// Why nothing is to be run for a while, although it could be.
    var pause: String?
    /// Invocations that it has and has not answered.
    var running = 0

    init(_ id: ID) { self.id = id }
}

/// The invokers of one pipeline: the one that serves, the one that is to take its place, and those whose place has been
/// taken and that still run something.
struct InvokerSlots: Hashable {
    private(set) var current: InvokerSlot
    private(set) var candidate: InvokerSlot?
    private var retired: [InvokerSlot] = []
    /// Told to stop, and not ended yet.
    private var stopping: Set<InvokerSlot.ID> = []

    init(_ id: InvokerSlot.ID) { self.current = InvokerSlot(id) }

    /// Nil when the slot is over.
    subscript(id: InvokerSlot.ID) -> InvokerSlot? {
        if self.current.id == id { return self.current }
        if let candidate = self.candidate, candidate.id == id { return candidate }
        return self.retired.first { $0.id == id }
    }

    mutating func change(_ id: InvokerSlot.ID, _ body: (inout InvokerSlot) -> Void) {
        if self.current.id == id { return body(&self.current) }
        if self.candidate?.id == id, var candidate = self.candidate {
            body(&candidate)
            self.candidate = candidate
        } else if let index = self.retired.firstIndex(where: { $0.id == id }) {
            body(&self.retired[index])
        }
    }

    mutating func prepare(_ id: InvokerSlot.ID) { self.candidate = InvokerSlot(id) }

    mutating func dropCandidate() {
        if let candidate = self.candidate { self.retired.append(candidate) }
        self.candidate = nil
    }

    /// The candidate serves from now on.
    ///
    /// - Returns: whose place it has taken.
    mutating func commit() -> InvokerSlot? {
        guard let candidate = self.candidate else { return nil }
        let old = self.current
        self.retired.append(old)
        self.current = candidate
        self.candidate = nil
        return old
    }

    /// Those that are to stop now, because they have nothing left to run.
    mutating func takeFinished() -> [InvokerSlot.ID] {
        guard !self.retired.isEmpty else { return [] }
        let finished = self.retired.filter { $0.running == 0 }.map(\.id)
        self.retired.removeAll { $0.running == 0 }
        return finished
    }

    mutating func stops(_ id: InvokerSlot.ID) { self.stopping.insert(id) }
    mutating func stopped(_ id: InvokerSlot.ID) { self.stopping.remove(id) }
    /// Whoever has not ended by now is not waited for.
    mutating func abandonStopping() { self.stopping.removeAll() }

    var hasRetired: Bool { !self.retired.isEmpty }
    var isStopping: Bool { !self.stopping.isEmpty }
}
