import Glibc
import Synchronization
import Warren

/// Does what its event says, and says in the journal how each run began and how it ended.
struct Deliver: Function {
    struct Plan: Decodable, Sendable {
        /// How long a run takes.
        let milliseconds: Int?
        /// A run goes on until there is a file with this path.
        let gate: String?
        /// The attempts that kill the worker: so many from the first on.
        let crashes: Int?
        /// The attempts that fail: so many from the first on.
        let failures: Int?
        /// How often one process puts the event off.
        let deferrals: Int?
        /// Emits one event with this routing key.
        let emits: String?
    }

    struct OutOfLuck: Error, CustomStringConvertible {
        var description: String { "out of luck" }
    }

    private let journal: Journal
    private let deferrals = Deferrals()

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<Plan>, context: FunctionContext) async throws {
        let plan = event.payload
        self.journal.note("begun", event.id, context)
        if let gate = plan.gate {
            while access(gate, F_OK) != 0 { try await Task.sleep(for: .milliseconds(10)) }
        }
        if let milliseconds = plan.milliseconds { try await Task.sleep(for: .milliseconds(milliseconds)) }
        if context.attempt <= plan.crashes ?? 0 { fatalError("told to crash") }
        if context.attempt <= plan.failures ?? 0 {
            self.journal.note("failed", event.id, context)
            throw OutOfLuck()
        }
        if self.deferrals.next(event.id, upTo: plan.deferrals ?? 0) {
            self.journal.note("put-off", event.id, context)
            throw RetryLater(after: .milliseconds(100), reason: "not yet")
        }
        if let key = plan.emits { try context.emit(key, ["by": event.id]) }
        self.journal.note("ended", event.id, context)
    }

    private final class Deferrals: Sendable {
        private let counts = Mutex<[String: Int]>([:])

        func next(_ id: String, upTo limit: Int) -> Bool {
            guard limit > 0 else { return false }
            return self.counts.withLock { counts in
                counts[id, default: 0] += 1
                return counts[id, default: 0] <= limit
            }
        }
    }
}

/// Takes events in batches, and says in the journal which event was in which batch, and how it ended there.
struct Gather: BatchFunction {
    struct Plan: Decodable, Sendable {
        enum Mishap: String, Decodable, Sendable {
            /// This event alone fails, in its first attempt.
            case fail
            /// This event alone is rejected.
            case reject
            /// The whole batch fails when this event is in it in its first attempt.
            case fatal
            /// The worker dies.
            case crash
        }

        /// How long a batch with it takes at least.
        let milliseconds: Int?
        let mishap: Mishap?
    }

    struct OutOfLuck: Error, CustomStringConvertible {
        var description: String { "out of luck" }
    }

    private let journal: Journal
    private let numbers = Numbers()

    init() async throws { self.journal = try Journal() }

    func handle(_ batch: [BatchItem<Plan>]) async throws {
        let number = self.numbers.next
        for item in batch { self.note("in-\(number)-of-\(batch.count)", item) }
        let milliseconds = batch.compactMap(\.event.payload.milliseconds).max() ?? 0
        try await Task.sleep(for: .milliseconds(milliseconds))
        if batch.contains(where: { $0.event.payload.mishap == .crash }) { fatalError("told to crash") }
        if batch.contains(where: { $0.event.payload.mishap == .fatal && $0.context.attempt == 1 }) {
            for item in batch { self.note("thrown", item) }
            self.noteEnd(number, batch)
            throw OutOfLuck()
        }
        for item in batch {
            switch item.event.payload.mishap {
            case .fail where item.context.attempt == 1:
                item.fail(OutOfLuck())
                self.note("failed", item)
            case .reject:
                item.fail(Rejected("not wanted here"))
                self.note("refused", item)
            case .fail, .fatal, .crash, nil:
                self.note("done", item)
            }
        }
        self.noteEnd(number, batch)
    }

    private func noteEnd(_ number: Int, _ batch: [BatchItem<Plan>]) {
        if let first = batch.first { self.note("out-\(number)-of-\(batch.count)", first) }
    }

    private func note(_ deed: String, _ item: BatchItem<Plan>) {
        self.journal.note(deed, item.event.id, item.context)
    }

    private final class Numbers: Sendable {
        private let last = Atomic(0)

        var next: Int { self.last.add(1, ordering: .relaxed).newValue }
    }
}
