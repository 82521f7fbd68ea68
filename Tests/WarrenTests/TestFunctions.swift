import FoundationEssentials
import Warren

struct Order: Codable, Sendable, Equatable {
    struct Item: Codable, Sendable, Equatable {
        let sku: String
        let price: Double
    }

    let id: String
    let items: [Item]
}

/// Emits what it was given, and its attributes in the type's place.
struct EchoOrder: Function {
    func handle(_ event: Event<Order>, context: FunctionContext) async throws {
        try context.emit("echo", event.payload)
        try context.emit("id", event.id)
        try context.emit("attributes", [event.type, event.source, event.correlationID, event.routingKey])
    }
}

/// Emits the bytes that it was given.
struct EchoBytes: Function {
    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        try context.emit("echo", bytes: event.payload.bytes, contentType: event.payload.contentType)
    }
}

struct Broken: Error, CustomStringConvertible {
    let description: String
}

/// Does what its payload says.
struct Obey: Function {
    struct Command: Codable, Sendable { let word: String }

    func handle(_ event: Event<Command>, context: FunctionContext) async throws {
        try context.emit("before", "it fails")
        switch event.payload.word {
        case "later": throw RetryLater(after: .seconds(3), reason: "busy")
        case "earlier": throw RetryLater(after: .seconds(-3), reason: "busy")
        case "reject": throw Rejected("no such order")
        case "decode": _ = try JSONDecoder().decode(Int.self, from: Data("x".utf8))
        case "cancel": throw CancellationError()
        case "fail": throw Broken(description: "the disk is full")
        case "long": throw Broken(description: String(repeating: "ü", count: 10_000))
        default: break
        }
    }
}

struct HasDate: Function {
    struct Payload: Codable, Sendable { let at: Date }

    func handle(_ event: Event<Payload>, context: FunctionContext) async throws {
        try context.emit("echo", event.payload)
    }
}

/// Tries what emitting refuses and emits the refusals.
struct EmitBadly: Function {
    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        var refusals: [EmitError] = []
        func attempt(_ body: () throws(EmitError) -> Void) {
            do throws(EmitError) { try body() } catch { refusals.append(error) }
        }
        let long = String(repeating: "k", count: 256)
        let large = [UInt8](repeating: 0, count: 16 << 20 + 1)
        attempt { () throws(EmitError) in try context.emit("", bytes: [], contentType: "a/b") }
        attempt { () throws(EmitError) in try context.emit(long, bytes: [], contentType: "a/b") }
        attempt { () throws(EmitError) in try context.emit("k", bytes: [], contentType: long) }
        attempt { () throws(EmitError) in try context.emit("k", bytes: [], contentType: "a/b", type: long) }
        attempt { () throws(EmitError) in
            try context.emit("k", bytes: large, contentType: "a/b")
        }
        attempt { () throws(EmitError) in try context.emit("k", bytes: [], contentType: "a/b", delay: .seconds(-1)) }
        attempt { () throws(EmitError) in
            try context.emit("k", bytes: [], contentType: "a/b", delay: .seconds(311 * 86_400))
        }
        try context.emit("refusals", refusals.map { $0.description })
    }
}
