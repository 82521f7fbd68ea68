import Glibc
import Warren

/// Emits what the payload lists.
struct EmitAll: Function {
    struct Plan: Decodable, Sendable {
        struct Emission: Decodable, Sendable {
            let key: String
            let delayMilliseconds: Int?
        }

        let emit: [Emission]
    }

    private let journal: Journal

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<Plan>, context: FunctionContext) async throws {
        self.journal.note("emitted", event.id, context)
        for emission in event.payload.emit {
            try context.emit(
                emission.key,
                ["by": event.id],
                delay: .milliseconds(emission.delayMilliseconds ?? 0)
            )
        }
    }
}

/// Takes its time, and ends its process when it is told to.
struct Work: Function {
    struct Plan: Decodable, Sendable {
        enum Ending: String, Decodable, Sendable {
            case crash
            case exit
        }

        let milliseconds: Int
        let ending: Ending?
    }

    private let journal: Journal

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<Plan>, context: FunctionContext) async throws {
        self.journal.note("begun", event.id, context)
        try await Task.sleep(for: .milliseconds(event.payload.milliseconds))
        switch event.payload.ending {
        case .crash: fatalError("told to crash")
        case .exit: exit(3)
        case nil: self.journal.note("ended", event.id, context)
        }
    }
}

/// Says something on all three ways to the host's log.
struct Speak: Function {
    init() async throws {}

    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        context.logger.info("logged by the function", metadata: ["tone": "calm"])
        print("printed by the function")
        fflush(nil)
        let complaint = Array("complained by the function\n".utf8)
        _ = write(STDERR_FILENO, complaint, complaint.count)
    }
}
