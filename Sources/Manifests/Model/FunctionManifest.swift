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

    package var name: String
    package var handler: HandlerReference
    package var exchange: String
    /// What is bound to the exchange; never empty.
    package var keys: [RoutingPattern]
    /// The queue's name if the manifest gives one; see `queueName(namespace:)`.
    package var queue: String?
    /// Invocations in flight on one host, over all its workers.
    package var concurrency: Int
    /// Processes on one host.
    package var workers: Int
    /// The time that one invocation may take.
    package var timeout: Duration
    package var retry: RetryPolicy
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
        retry: RetryPolicy = RetryPolicy(),
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
        self.retry = retry
        self.env = env
        self.locations = locations
    }

    /// Where the document stands.
    package var source: SourceLocation { self.locations.source }

    /// How many unacknowledged deliveries the broker may send ahead: enough to keep every lane busy while acks
    /// travel, but no more than can start at once when an invocation is long, because a delivery that waits here
    /// spends the broker's consumer timeout. At most 65535, an AMQP short (AMQP 0-9-1, `basic.qos`).
    package var prefetch: Int {
        let factor = self.timeout > .seconds(60) ? 1 : 3
        return min(self.concurrency * factor, 65_535)
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
