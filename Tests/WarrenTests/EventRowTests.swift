import EventRows
import FoundationEssentials
import Messaging
import Testing
import Warren

/// Emits the bytes that it was given, and what it sees of the event around them.
struct Witness: Function {
    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        try context.emit("payload", bytes: event.payload.bytes, contentType: event.payload.contentType)
        var seen = ["id": event.id, "source": event.source, "type": event.type, "correlationID": event.correlationID]
        seen["subject"] = event.subject
        seen["causationID"] = event.causationID
        seen["version"] = event.version
        seen["contentType"] = event.payload.contentType
        seen["traceParent"] = context.trace.traceParent
        seen["traceState"] = context.trace.traceState
        try context.emit("seen", seen)
    }
}

/// Wants any JSON, and takes none.
struct TypedWitness: Function {
    struct Anything: Decodable, Sendable {
        init(from decoder: any Decoder) throws { _ = try decoder.singleValueContainer() }
    }

    func handle(_ event: Event<Anything>, context: FunctionContext) async throws {}
}

/// The table of `EventReader` as a function sees it.
struct EventRowTests {
    private func run(_ type: any Function.Type, _ row: EventRow) async throws -> Outcome {
        try await TestInvocation.run(type, frame: TestInvocation.bytes(row.delivery))
    }

    @Test(arguments: EventRow.all.filter { $0.refused == nil })
    func `a function sees what the row says`(row: EventRow) async throws {
        let outcome = try await self.run(Witness.self, row)
        try #require(outcome.emitted.count == 2, "\(outcome.summary)")
        if let payload = row.payload { #expect(Array(outcome.emitted[0].payload) == Array(payload.utf8)) }
        let seen = try JSONDecoder().decode([String: String].self, from: Data(outcome.emitted[1].payload))
        if let id = row.id { #expect(seen["id"] == id) } else { #expect(seen["id"]?.hasPrefix("generated-") == true) }
        // What is told of it travels in the events that it causes.
        #expect(outcome.emitted.allSatisfy { $0.causationID == seen["id"] })
        for (attribute, value) in row.seen { #expect(seen["\(attribute)"] == value, "\(attribute)") }
        for attribute in row.unseen { #expect(seen["\(attribute)"] == nil, "\(attribute)") }
    }

    @Test(arguments: EventRow.all.filter { $0.refused != nil })
    func `what the row refuses is undecodable`(row: EventRow) async throws {
        let outcome = try await self.run(Witness.self, row)
        #expect(outcome.summary.hasPrefix("undecodable: \(row.refused ?? "")"), "\(outcome.summary)")
    }

    @Test(arguments: EventRow.all.filter { $0.refused != nil && !($0.refused ?? "").hasPrefix("envelope.data:") })
    func `it is so for a function that decodes its payload, too`(row: EventRow) async throws {
        let outcome = try await self.run(TypedWitness.self, row)
        #expect(outcome.summary.hasPrefix("undecodable: \(row.refused ?? "")"), "\(outcome.summary)")
    }
}
