import Invoking
import Manifests
import Messaging
import Metrics

/// The instruments of a function or webhook, made once. Dimensions are bounded: its name, never a routing key. For a
/// webhook `warren.webhook` stands in the place of `warren.function`.
///
/// | name | type | unit | dimensions | counted |
/// |---|---|---|---|---|
/// | `messaging.client.consumed.messages` | counter | messages | `warren.function` | deliveries taken |
/// | `messaging.process.duration` | timer | nanoseconds | `warren.function` | each run's time in the function, or with the endpoint |
/// | `warren.outcomes` | counter | runs | `warren.function`, `warren.outcome` | each run's outcome |
/// | `warren.acks.repeated` | counter | messages | `warren.function` | delivered again after success, not run again |
/// | `warren.consumers.renewed` | counter | consumers | `warren.function` | found silently dead and made anew |
///
/// Names of `messaging.` follow OpenTelemetry's semantic conventions for messaging.
struct ProcessingMetrics {
    private let consumed: Counter
    private let duration: Timer
    private let outcomes: [Outcome.Kind: Counter]
    private let repeatedAcks: Counter
    private let renewedConsumers: Counter

    init(_ manifest: ConsumerManifest) {
        let dimension = ("warren.\(manifest.kind.word)", manifest.name)
        self.consumed = Counter(
            label: "messaging.client.consumed.messages",
            dimensions: [dimension]
        )
        self.duration = Timer(label: "messaging.process.duration", dimensions: [dimension])
        self.repeatedAcks = Counter(label: "warren.acks.repeated", dimensions: [dimension])
        self.renewedConsumers = Counter(label: "warren.consumers.renewed", dimensions: [dimension])
        self.outcomes = Dictionary(
            uniqueKeysWithValues: Outcome.Kind.allCases.map { kind in
                (kind, Counter(label: "warren.outcomes", dimensions: [dimension, ("warren.outcome", kind.rawValue)]))
            }
        )
    }

    /// Counts what has a counter.
    func count(_ note: PipelineNote) {
        switch note {
        case .acknowledgedAgain: self.repeatedAcks.increment()
        case .silentlyDead: self.renewedConsumers.increment()
        case .interrupted, .decided, .refused, .paused, .resumed, .takesFewer, .endsWithoutAnswer: break
        }
    }

    func took(_ count: Int) { self.consumed.increment(by: count) }

    func ran(_ results: [InvocationResult]) {
        var done = 0
        for result in results {
            self.duration.recordNanoseconds(Int64(clamping: result.nanoseconds))
            if case .done = result.outcome { done += 1 } else { self.outcomes[result.outcome.kind]?.increment() }
        }
        if done > 0 { self.outcomes[.done]?.increment(by: done) }
    }
}
