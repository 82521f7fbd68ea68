import Testing

/// Waits until the condition holds, and fails the test if it does not within the limit.
func wait(
    for what: String,
    limit: Duration = .seconds(20),
    sourceLocation: Testing.SourceLocation = #_sourceLocation,
    until condition: () throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try !condition() {
        try #require(.now < deadline, "waited too long for \(what)", sourceLocation: sourceLocation)
        try await Task.sleep(for: .milliseconds(2))
    }
}
