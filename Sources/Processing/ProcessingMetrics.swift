import Messaging
import Metrics

/// A function's instruments, made once. Dimensions are bounded: the function's name, never a routing key.
///
/// | name | type | unit | dimensions | counted |
/// |---|---|---|---|---|
/// | `messaging.client.consumed.messages` | counter | messages | `warren.function` | deliveries taken |
/// | `messaging.process.duration` | timer | nanoseconds | `warren.function` | each run's time in the function |
/// | `warren.outcomes` | counter | runs | `warren.function`, `warren.outcome` | each run's outcome |
/// | `warren.acks.repeated` | counter | messages | `warren.function` | delivered again after success, not run again |
/// | `warren.consumers.renewed` | counter | consumers | `warren.function` | found silently dead and made anew |
///
/// Names of `messaging.` follow OpenTelemetry's semantic conventions for messaging.
struct ProcessingMetrics {
    private let consumed: Counter
    private let duration: Timer
    private let outcomes: [String: Counter]
    private let repeatedAcks: Counter
    private let renewedConsumers: Counter
    private static let outcomeNames = [
        "done", "failed", "rejected", "undecodable", "later", "timed-out", "crashed",
    ]

    init(function: String) {
        self.consumed = Counter(
            label: "messaging.client.consumed.messages",
            dimensions: [("warren.function", function)]
        )
        self.duration = Timer(label: "messaging.process.duration", dimensions: [("warren.function", function)])
        self.repeatedAcks = Counter(label: "warren.acks.repeated", dimensions: [("warren.function", function)])
        self.renewedConsumers = Counter(label: "warren.consumers.renewed", dimensions: [("warren.function", function)])
        self.outcomes = Dictionary(
            uniqueKeysWithValues: Self.outcomeNames.map { name in
                let dimensions = [("warren.function", function), ("warren.outcome", name)]
                return (name, Counter(label: "warren.outcomes", dimensions: dimensions))
            }
        )
    }

    func acknowledgedAgain() { self.repeatedAcks.increment() }
    func renewedConsumer() { self.renewedConsumers.increment() }

    func took(_ count: Int) { self.consumed.increment(by: count) }

    func ran(_ result: InvocationResult) {
        self.duration.recordNanoseconds(Int64(clamping: result.nanoseconds))
        if case .done = result.outcome { return }
        self.outcomes[result.outcome.name]?.increment()
    }

    func done(_ count: Int) { if count > 0 { self.outcomes["done"]?.increment(by: count) } }
}
