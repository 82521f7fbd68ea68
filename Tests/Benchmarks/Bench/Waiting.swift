import Foundation

/// Polls until the condition gives a value; the benchmark has no other way to see into the programs it measures.
func poll<Value>(
    every interval: Duration,
    within limit: Duration,
    for what: String,
    _ condition: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    while true {
        if let value = try await condition() { return value }
        guard .now < deadline else { throw BenchError("waited \(limit) in vain for \(what)") }
        try await Task.sleep(for: interval)
    }
}
