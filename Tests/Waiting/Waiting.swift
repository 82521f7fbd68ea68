internal import PatientPolling
package import Testing

/// Asks again and again until the condition holds.
///
/// - Parameter found: what there is instead, for the error.
/// - Throws: `OutOfPatience` when it does not within the usual time.
package func wait(
    for what: String,
    found: () -> String = { "" },
    until condition: () async throws -> Bool
) async throws {
    try await poll(for: what, found: found) { try await condition() ? () : nil }
}

extension Trait where Self == TimeLimitTrait {
    /// For suites that wait for processes and brokers: a test that hangs fails, and the others go on. Longer than a
    /// test that waits in vain more than once.
    package static var hangGuard: Self { .timeLimit(.minutes(10)) }
}
