package import Messaging

/// What the two kinds of manifest have in common: which events come into its queue, how many are taken at a time, and
/// what happens when one fails. All that the data path knows of a manifest; who is invoked is the invoker's own matter.
///
/// Two are equal if they ask for the same; where they stand in their files plays no part, so that moving one is not a
/// change.
package struct ConsumerManifest: Sendable, Equatable {
    /// The exchange that events are published to unless a manifest names another.
    package static let defaultExchange = "events"
    /// The bounds of `concurrency`.
    package static let allowedConcurrency = 1...10_000
    /// The longest `timeout`. The broker closes a channel that keeps a delivery unacknowledged for 30 minutes (its
    /// consumer timeout) and takes all of its deliveries back; what is left is for a function that goes on after it was
    /// cancelled, until its worker is ended, and for settling the event.
    package static let longestTimeout = Duration.seconds(20 * 60)
    /// The most events that may be in flight on one host: `concurrency` times `batch.size`.
    package static let mostInFlight = 10_000

    package let kind: ManifestKind
    package var name: String
    /// Its number among the consumers that divide the events of one manifest, from 0; `nil` when its manifest has no
    /// other consumer.
    package var partition: Int?
    package var exchange: String
    /// What is bound to the exchange; never empty.
    package var keys: [RoutingPattern]
    /// The queue's name, if the manifest gives one, without the number of the partition; see `queueName(namespace:)`.
    package var queue: String?
    /// Invocations in flight on one host; 1 if `ordered`. An invocation takes one event, or a batch of them: see
    /// `inFlight`.
    package var concurrency: Int
    /// For a function that takes several events at a time; nil: one event an invocation.
    package var batch: BatchPolicy?
    /// The most invocations that begin in a time; nil: as many as there are.
    package var rate: DeliveryRate?
    /// One event at a time over all hosts, in the order of the queue; an event that fails holds up the rest until it
    /// succeeds or is dead-lettered.
    ///
    /// The queue is declared with a single active consumer for it, and the arguments of a queue can never change: a
    /// manifest that turns this on or off for a queue that exists is refused by the broker (AMQP 0-9-1,
    /// queue.declare: precondition-failed) until it names another `queue:`, or the old queue has been emptied and
    /// deleted.
    package var ordered: Bool
    /// The time that one invocation may take.
    package var timeout: Duration
    package var retry: RetryPolicy
    /// When failing events pause the consumer; nil: only what the invoker reports does.
    package var breaker: BreakerPolicy?
    /// What becomes of the queue when the manifest goes.
    package var onRemove: RemovalPolicy
    /// Where the fields stand that can turn out wrong later.
    package var locations: Locations

    package init(
        kind: ManifestKind,
        name: String,
        partition: Int? = nil,
        exchange: String = Self.defaultExchange,
        keys: [RoutingPattern],
        queue: String? = nil,
        concurrency: Int,
        batch: BatchPolicy? = nil,
        rate: DeliveryRate? = nil,
        ordered: Bool = false,
        timeout: Duration,
        retry: RetryPolicy,
        breaker: BreakerPolicy? = nil,
        onRemove: RemovalPolicy = .keep,
        locations: Locations
    ) {
        self.kind = kind
        self.name = name
        self.partition = partition
        self.exchange = exchange
        self.keys = keys
        self.queue = queue
        self.concurrency = concurrency
        self.batch = batch
        self.rate = rate
        self.ordered = ordered
        self.timeout = timeout
        self.retry = retry
        self.breaker = breaker
        self.onRemove = onRemove
        self.locations = locations
    }

    /// Where the document stands.
    package var source: SourceLocation { self.locations.source }

    /// Events in flight on one host: `concurrency` counts invocations, and each takes up to `batch.size` events. No
    /// more than may begin in a minute, because what waits for its turn spends the broker's consumer timeout.
    package var inFlight: Int {
        guard !self.ordered else { return 1 }
        return min(self.concurrency * (self.batch?.size ?? 1), self.rate?.perMinute ?? .max)
    }

    /// How many unacknowledged deliveries the broker may send ahead: enough to keep every place busy while acks
    /// travel, but no more than can start at once when an invocation is long, because a delivery that waits here
    /// spends the broker's consumer timeout. An ordered consumer gets one: what comes after it must still lie in the
    /// queue if it fails. At most 65535, an AMQP short (AMQP 0-9-1, `basic.qos`).
    package var prefetch: Int {
        guard !self.ordered else { return 1 }
        let factor = self.timeout > .seconds(60) ? 1 : 3
        return min(self.inFlight * factor, self.rate?.perMinute ?? .max, 65_535)
    }

    /// The queue that it consumes: the one that the manifest names, else `<namespace>.<name>`. The queue of a partition
    /// has its number behind that: `<namespace>.<name>.<partition>`.
    package func queueName(namespace: String) -> String {
        let names = TopologyNames(namespace: namespace)
        let queue = self.queue ?? names.queue(of: self.name)
        return self.partition.map { names.queue(ofPartition: $0, of: queue) } ?? queue
    }

    /// What people read: the manifest's name, and the number of the partition if there is one, as in `bill/3`.
    package var label: String { Self.label(self.name, partition: self.partition) }

    package static func label(_ name: String, partition: Int?) -> String {
        partition.map { "\(name)/\($0)" } ?? name
    }

    /// The places of the fields that are checked against each other, or against the world, after decoding.
    ///
    /// All values are equal, so that manifests compare what is asked for and nothing else.
    package struct Locations: Sendable, Equatable {
        package var source: SourceLocation
        package var name: SourceLocation
        /// Where it says who is invoked: a function's `handler`, a webhook's `url`.
        package var target: SourceLocation
        /// Where the exchange is named; the document if it is the default.
        package var exchange: SourceLocation
        /// Where the queue is named: `queue:`, else the name that the queue's is made of.
        package var queue: SourceLocation

        package init(
            source: SourceLocation,
            name: SourceLocation,
            target: SourceLocation,
            exchange: SourceLocation,
            queue: SourceLocation
        ) {
            self.source = source
            self.name = name
            self.target = target
            self.exchange = exchange
            self.queue = queue
        }

        /// For a manifest that was made by a program: every field stands at the same place.
        package init(everywhere place: SourceLocation) {
            self.init(source: place, name: place, target: place, exchange: place, queue: place)
        }

        package static func == (one: Self, other: Self) -> Bool { true }
    }
}
