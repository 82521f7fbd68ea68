import AMQP
import Messaging

/// What became of events that were published one after the other.
struct Published: Sendable {
    /// The broker has them in a queue.
    var confirmed: Set<String> = []
    /// Nothing was bound for them, or the broker did not answer.
    var refused: Set<String> = []
}

extension TestBed {
    /// Publishes events at a steady pace while the body runs.
    ///
    /// - Parameters:
    ///   - rate: events a second.
    ///   - prefix: of the events' ids.
    func publishing(
        _ rate: Int,
        key: String = "work",
        prefix: String = "e",
        _ body: String = #"{"milliseconds":0}"#,
        while action: () async throws -> Void
    ) async throws -> Published {
        try await withThrowingTaskGroup(of: Published.self) { group in
            group.addTask { await self.publishSteadily(rate, key: key, prefix: prefix, body) }
            try await action()
            group.cancelAll()
            return try await group.next() ?? Published()
        }
    }

    /// Until it is cancelled.
    private func publishSteadily(_ rate: Int, key: String, prefix: String, _ body: String) async -> Published {
        let tick = Duration.milliseconds(20)
        let count = max(1, rate * 20 / 1000)
        var published = Published()
        var next = 0
        while !Task.isCancelled {
            let ids = (next..<next + count).map { "\(prefix)-\($0)" }
            next += count
            let results = await self.broker.publish(ids.map { self.event(body, id: $0, key: key) })
            for (id, result) in zip(ids, results) {
                if result == .confirmed { published.confirmed.insert(id) } else { published.refused.insert(id) }
            }
            try? await Task.sleep(for: tick)
        }
        return published
    }
}
