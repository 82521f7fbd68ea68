/// What was waited for did not come in time.
struct OutOfPatience: Error, CustomStringConvertible {
    let description: String
}

/// Asks again and again until the condition holds.
///
/// - Parameter found: what there is instead, for the error.
/// - Throws: `OutOfPatience` when it does not within the limit.
func wait(
    for what: String,
    within limit: Duration = .seconds(30),
    found: () -> String = { "" },
    until condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else {
            throw OutOfPatience(description: "no \(what) within \(limit)\n\(found())")
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}
