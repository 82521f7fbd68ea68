import Manifests
import Topology

@testable import Processing

/// What a small world is made of. Each walk is of one world, so that none becomes too large to be walked.
struct ModelSettings: Hashable, Sendable {
    /// Attempts that each event has.
    static let attempts = 2

    var hosts = 1
    /// The fewer there are, the further a walk comes.
    var events = ModelEvent.allCases
    /// Invocations wait at an invoker before they begin, so that they can be withdrawn.
    var invokersQueue = false
    /// Of the first queue.
    var isOrdered = false
    /// One failure opens the breaker.
    var hasBreaker = false
    /// `ModelEvent.order` has a time to live.
    var expires = false
    /// Events are so large that a consumer may hold one and a half of them.
    var areLarge = false
    /// The body of `ModelEvent.withoutID` is over the limit of every host.
    var hasOversized = false
    /// A queue goes with its function (`onRemove: delete`). With one host only: in this model an ended consumer does
    /// not count, while RabbitMQ counts it as long as it holds deliveries, which keeps the queue for what other hosts
    /// run.
    var deletesQueues = false

    /// How long `ModelEvent.order` may wait.
    static let lifetime = Duration.seconds(3)

    /// How many bytes of events a consumer may hold.
    var byteBudget: Int? { self.areLarge ? ModelEvent.largeBody * 3 / 2 : nil }

    /// What the function of each queue works by.
    func versions() throws -> [PipelineVersion] {
        try (0..<2).map { queue in
            let isOrdered = self.isOrdered && queue == 0
            var consumer = try FunctionManifest.test(
                "q\(queue)",
                concurrency: isOrdered ? 1 : 2,
                attempts: Self.attempts
            ).consumer
            consumer.ordered = isOrdered
            consumer.onRemove = self.deletesQueues ? .delete : .keep
            if self.hasBreaker { consumer.breaker = BreakerPolicy(failures: 1) }
            return PipelineVersion(manifest: consumer, topology: TopologyPlanner.consumer(consumer, Rig.names))
        }
    }
}
