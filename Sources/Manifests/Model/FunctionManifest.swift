package import Messaging

/// A function to run: which events it gets, which code handles them, how much of it at a time, and what happens
/// when it fails. The decoded form of one `kind: Function` document; every value has passed its checks.
///
/// Two manifests are equal if they ask for the same; where they stand in their files plays no part, so that moving
/// one is not a change.
package struct FunctionManifest: Sendable, Equatable {
    /// The exchange that events are published to unless a manifest names another.
    package static let defaultExchange = "events"
    /// The bounds of `concurrency`.
    package static let allowedConcurrency = 1...10_000
    /// The bounds of `workers`.
    package static let allowedWorkers = 1...64
    /// The longest `timeout`. The broker closes a channel that keeps a delivery unacknowledged for 30 minutes (its
    /// consumer timeout) and takes all of its deliveries back; what is left is for a function that goes on after it was
    /// cancelled, until its worker is ended, and for settling the event.
    package static let longestTimeout = Duration.seconds(20 * 60)
    /// The longest `timeoutGrace`. With the longest `timeout` it leaves five minutes of the broker's consumer timeout
    /// for settling the event.
    package static let longestTimeoutGrace = Duration.seconds(5 * 60)
    /// The most events that may be in flight on one host: `concurrency` times `batch.size`.
    package static let mostInFlight = 10_000

    package var name: String
    package var handler: HandlerReference
    package var exchange: String
    /// What is bound to the exchange; never empty.
    package var keys: [RoutingPattern]
    /// The queue's name if the manifest gives one; see `queueName(namespace:)`.
    package var queue: String?
    /// Invocations in flight on one host, over all its workers; 1 if `ordered`. An invocation takes one event, or a
    /// batch of them: see `inFlight`.
    package var concurrency: Int
    /// Processes on one host.
    package var workers: Int
    /// The time that one invocation may take; then its task is cancelled.
    package var timeout: Duration
    /// How long an invocation may go on after it was cancelled, before its worker is killed.
    package var timeoutGrace: Duration
    package var retry: RetryPolicy
    /// What one worker process may use.
    package var limits: ResourceLimits
    /// When a worker is replaced although nothing is wrong with it.
    package var recycle: RecyclePolicy
    /// When failing events pause the function; nothing: only dying workers do.
    package var breaker: BreakerPolicy?
    /// One event at a time over all hosts, in the order of the queue; an event that fails holds up the rest until it
    /// succeeds or is dead-lettered.
    ///
    /// The queue is declared with a single active consumer for it, and the arguments of a queue can never change: a
    /// manifest that turns this on or off for a queue that exists is refused by the broker (AMQP 0-9-1,
    /// queue.declare: precondition-failed) until it names another `queue:`, or the old queue has been emptied and
    /// deleted.
    package var ordered: Bool
    /// For a function that takes several events at a time; nothing: one event an invocation.
    package var batch: BatchPolicy?
    /// What becomes of the queue when the manifest goes.
    package var onRemove: RemovalPolicy
    /// What the workers find in their environment, by name; resolved by `EnvironmentResolution`.
    package var env: [String: EnvironmentValue]
    /// Where the fields stand that can turn out wrong later.
    package var locations: Locations

    package init(
        name: String,
        handler: HandlerReference,
        exchange: String = Self.defaultExchange,
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
        env: [String: EnvironmentValue] = [:],
        locations: Locations
    ) {
        self.name = name
        self.handler = handler
        self.exchange = exchange
        self.keys = keys
        self.queue = queue
        self.concurrency = concurrency
        self.workers = workers
        self.timeout = timeout
        self.timeoutGrace = timeoutGrace
        self.retry = retry
        self.limits = limits
        self.recycle = recycle
        self.breaker = breaker
        self.ordered = ordered
        self.batch = batch
        self.onRemove = onRemove
        self.env = env
        self.locations = locations
    }

    /// Where the document stands.
    package var source: SourceLocation { self.locations.source }

    /// Events in flight on one host: `concurrency` counts invocations, and each takes up to `batch.size` events.
    package var inFlight: Int {
        self.ordered ? 1 : self.concurrency * (self.batch?.size ?? 1)
    }

    /// How many unacknowledged deliveries the broker may send ahead: enough to keep every lane busy while acks
    /// travel, but no more than can start at once when an invocation is long, because a delivery that waits here
    /// spends the broker's consumer timeout. An ordered function gets one: what comes after it must still lie in the
    /// queue if it fails. At most 65535, an AMQP short (AMQP 0-9-1, `basic.qos`).
    package var prefetch: Int {
        guard !self.ordered else { return 1 }
        let factor = self.timeout > .seconds(60) ? 1 : 3
        return min(self.inFlight * factor, 65_535)
    }

    /// The queue that this manifest consumes: the one it names, else `<namespace>.<name>`.
    package func queueName(namespace: String) -> String {
        self.queue ?? "\(namespace).\(self.name)"
    }

    /// The places of the fields that are checked against each other, or against the bundles, after decoding.
    ///
    /// All values are equal, so that `FunctionManifest` compares what is asked for and nothing else.
    package struct Locations: Sendable, Equatable {
        package var source: SourceLocation
        package var name: SourceLocation
        package var handler: SourceLocation
        /// Where the exchange is named; the document if it is the default.
        package var exchange: SourceLocation
        /// Where the queue is named: `queue:`, else the name that the queue's is made of.
        package var queue: SourceLocation

        package init(
            source: SourceLocation,
            name: SourceLocation,
            handler: SourceLocation,
            exchange: SourceLocation,
            queue: SourceLocation
        ) {
            self.source = source
            self.name = name
            self.handler = handler
            self.exchange = exchange
            self.queue = queue
        }

        /// For a manifest that was made by a program: every field stands at the same place.
        package init(everywhere place: SourceLocation) {
            self.init(source: place, name: place, handler: place, exchange: place, queue: place)
        }

        package static func == (one: Self, other: Self) -> Bool { true }
    }
}
