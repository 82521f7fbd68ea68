package import Messaging

/// A function to run: which events it gets, which code handles them, how many at a time, and what happens when it
/// fails. Decoded from one `kind: Function` document; every value has been checked.
///
/// The fields that webhooks have too can be read directly: `manifest.timeout` is `manifest.consumer.timeout`.
@dynamicMemberLookup
package struct FunctionManifest: Sendable, Equatable {
    /// The bounds of `workers`.
    package static let allowedWorkers = 1...64
    /// The longest `timeoutGrace`. Together with the longest `timeout` it leaves five minutes of the broker's consumer
    /// timeout for settling the event.
    package static let longestTimeoutGrace = Duration.seconds(5 * 60)

    package var consumer: ConsumerManifest
    package var handler: HandlerReference
    /// The number of worker processes on one host; 1 if `ordered`.
    package var workers: Int
    /// How long an invocation may go on after it was cancelled, before its worker is killed.
    package var timeoutGrace: Duration
    /// What one worker process may use.
    package var limits: ResourceLimits
    /// When a healthy worker is replaced.
    package var recycle: RecyclePolicy
    /// The system user whose rights the workers have; `nil` for the user of the host.
    package var user: String?
    /// The environment variables of the workers, by name; `EnvironmentResolution` resolves them.
    package var env: [String: ValueSource]

    package init(
        consumer: ConsumerManifest,
        handler: HandlerReference,
        workers: Int = 1,
        timeoutGrace: Duration = .seconds(2),
        limits: ResourceLimits = ResourceLimits(),
        recycle: RecyclePolicy = RecyclePolicy(),
        user: String? = nil,
        env: [String: ValueSource] = [:]
    ) {
        self.consumer = consumer
        self.handler = handler
        self.workers = workers
        self.timeoutGrace = timeoutGrace
        self.limits = limits
        self.recycle = recycle
        self.user = user
        self.env = env
    }

    /// Every field that a manifest may leave out has its default.
    package init(
        name: String,
        handler: HandlerReference,
        exchange: String = ConsumerManifest.defaultExchange,
        keys: [RoutingPattern],
        queue: String? = nil,
        concurrency: Int = 16,
        workers: Int = 1,
        timeout: Duration = .seconds(30),
        timeoutGrace: Duration = .seconds(2),
        retry: RetryPolicy = RetryPolicy(),
        limits: ResourceLimits = ResourceLimits(),
        recycle: RecyclePolicy = RecyclePolicy(),
        breaker: BreakerPolicy? = nil,
        ordered: Bool = false,
        batch: BatchPolicy? = nil,
        onRemove: RemovalPolicy = .keep,
        user: String? = nil,
        env: [String: ValueSource] = [:],
        locations: ConsumerManifest.Locations
    ) {
        self.init(
            consumer: ConsumerManifest(
                kind: .function,
                name: name,
                exchange: exchange,
                keys: keys,
                queue: queue,
                concurrency: concurrency,
                batch: batch,
                ordered: ordered,
                timeout: timeout,
                retry: retry,
                breaker: breaker,
                onRemove: onRemove,
                locations: locations
            ),
            handler: handler,
            workers: workers,
            timeoutGrace: timeoutGrace,
            limits: limits,
            recycle: recycle,
            user: user,
            env: env
        )
    }

    package subscript<Value>(dynamicMember field: WritableKeyPath<ConsumerManifest, Value>) -> Value {
        get { self.consumer[keyPath: field] }
        set { self.consumer[keyPath: field] = newValue }
    }

    package subscript<Value>(dynamicMember field: KeyPath<ConsumerManifest, Value>) -> Value {
        self.consumer[keyPath: field]
    }

    /// The queue that this manifest consumes.
    package func queueName(namespace: String) -> String { self.consumer.queueName(namespace: namespace) }
}
