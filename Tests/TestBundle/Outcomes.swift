import Synchronization
import Warren

/// Handles whatever comes.
struct Record: Function {
    private let journal: Journal

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        self.journal.note("recorded", event.id, context)
    }
}

/// Fails until it has failed often enough.
struct FailFirst: Function {
    struct Plan: Decodable, Sendable {
        let failures: Int
    }

    struct OutOfLuck: Error, CustomStringConvertible {
        var description: String { "out of luck" }
    }

    private let journal: Journal

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<Plan>, context: FunctionContext) async throws {
        let fails = context.attempt <= event.payload.failures
        self.journal.note(fails ? "failed" : "succeeded", event.id, context)
        if fails { throw OutOfLuck() }
    }
}

/// Rejects everything.
struct Refuse: Function {
    private let journal: Journal

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        self.journal.note("refused", event.id, context)
        throw Rejected("not wanted here")
    }
}

/// Asks for later until it has asked often enough.
struct PutOff: Function {
    struct Plan: Decodable, Sendable {
        let times: Int
        let milliseconds: Int
    }

    private let journal: Journal
    private let counts = Counts()

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<Plan>, context: FunctionContext) async throws {
        guard self.counts.next(event.id) > event.payload.times else {
            self.journal.note("put-off", event.id, context)
            throw RetryLater(after: .milliseconds(event.payload.milliseconds), reason: "not yet")
        }
        self.journal.note("succeeded", event.id, context)
    }

    private final class Counts: Sendable {
        private let runs = Mutex<[String: Int]>([:])

        func next(_ id: String) -> Int {
            self.runs.withLock { runs in
                runs[id, default: 0] += 1
                return runs[id, default: 0]
            }
        }
    }
}

/// Wants a payload of a certain form.
struct TakeOrder: Function {
    struct Order: Decodable, Sendable {
        struct Customer: Decodable, Sendable {
            let age: Int
        }

        let customer: Customer
    }

    private let journal: Journal

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<Order>, context: FunctionContext) async throws {
        self.journal.note("taken", event.id, context)
    }
}

/// Waits until it is cancelled.
struct Hang: Function {
    private let journal: Journal

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        do {
            try await Task.sleep(for: .seconds(600))
        } catch {
            self.journal.note("cancelled", event.id, context)
            throw error
        }
    }
}
