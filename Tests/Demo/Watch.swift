import Messaging

/// Brings everything that is seen, from whatever thread, into one order.
final class Watch: Sendable {
    let observations: AsyncStream<Observation>
    private let continuation: AsyncStream<Observation>.Continuation

    init() {
        (self.observations, self.continuation) = AsyncStream.makeStream()
    }

    func report(_ observation: Observation) { self.continuation.yield(observation) }

    /// Reports that it took too long when this much time has passed, unless the task is cancelled before.
    func expect(_ what: String, within limit: Duration) -> Task<Void, any Error> {
        Task {
            try await Task.sleep(for: limit)
            self.report(.tookTooLong("waited \(limit.words) in vain for \(what)"))
        }
    }
}
