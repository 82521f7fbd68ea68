import Warren

/// The functions that the benchmark runs: as little of their own as possible, so that what is measured is Warren.
@main
struct BenchFunctions: FunctionBundle {
    static var functions: [any Function.Type] {
        [CountReading.self, MeasureLatency.self, MarkFirst.self, NoteReading.self, Misbehave.self]
    }
}

/// About 310 bytes of JSON.
struct Reading: Codable, Sendable {
    struct Sensor: Codable, Sendable {
        let id: String
        let kind: String
        let site: String
    }

    let readingID: String
    let sensor: Sensor
    let value: Double
    let unit: String
    let sequence: Int
    let tags: [String]
    let note: String?
    let takenAt: String
}

/// Decodes and returns.
struct CountReading: Function {
    init() async throws {}

    func handle(_ event: Event<Reading>, context: FunctionContext) async throws {
        precondition(event.payload.sequence >= 0)
    }
}
