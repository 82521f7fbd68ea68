internal import Messaging
package import Testing

/// How long tests wait for what has to come.
///
/// What comes is judged, never how fast: a test that goes well does not wait, and one that goes wrong may wait long. So
/// there is one limit for all of them, which holds on a machine that is many times slower and has other things to do.
package enum Patience {
    package static let usual = Duration.seconds(180)
}

/// What was waited for did not come.
package struct OutOfPatience: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }

    /// - Parameter found: what there is instead.
    package init(waitingFor what: String, found: String = "") {
        self.description = "no \(what) within \(Patience.usual.words)" + (found.isEmpty ? "" : "\n\(found)")
    }
}

/// Asks again and again until the condition holds.
///
/// - Parameter found: what there is instead, for the error.
/// - Throws: `OutOfPatience` when it does not within the usual time.
package func wait(
    for what: String,
    found: () -> String = { "" },
    until condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + Patience.usual
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw OutOfPatience(waitingFor: what, found: found()) }
        try await Task.sleep(for: .milliseconds(10))
    }
}

extension Trait where Self == TimeLimitTrait {
    /// For suites that wait for processes and brokers: a test that hangs fails, and the others go on. Longer than a
    /// test that waits in vain more than once.
    package static var hangGuard: Self { .timeLimit(.minutes(10)) }
}
