import LocalBroker

/// A RabbitMQ node that several tests of this process use, started when the first one asks for it. It ends with the
/// process.
actor SharedBroker {
    /// For tests that leave the node alone: they run at the same time, with names of their own.
    static let calm = SharedBroker()
    /// For tests that kill, freeze or block the node: they run one after the other.
    static let troubled = SharedBroker()

    private var start: Task<LocalBroker, any Error>?

    /// The node, running.
    var node: LocalBroker {
        get async throws {
            let start = self.start ?? Task { try await LocalBroker.start() }
            self.start = start
            return try await start.value
        }
    }
}
