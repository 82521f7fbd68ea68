internal import Messaging

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
    package init(waitingFor what: String, within limit: Duration = Patience.usual, found: String = "") {
        self.description = "waited \(limit.words) in vain for \(what)" + (found.isEmpty ? "" : "\n\(found)")
    }
}

/// Looks again and again until there is a value.
///
/// - Parameters:
///   - interval: from one look to the next.
///   - found: what there is instead, for the error.
/// - Throws: `OutOfPatience` when there is none within the limit, or what a look throws.
package func poll<Value>(
    for what: String,
    every interval: Duration = .milliseconds(10),
    within limit: Duration = Patience.usual,
    found: () -> String = { "" },
    _ look: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    while true {
        if let value = try await look() { return value }
        guard .now < deadline else { throw OutOfPatience(waitingFor: what, within: limit, found: found()) }
        try await Task.sleep(for: interval)
    }
}
