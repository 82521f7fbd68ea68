import EventLoops
import FoundationEssentials
import Logging
import Manifests
import Messaging
import Processing
import Topology
public import Warren

/// Runs whole manifests in a test: functions chained by their events, retries, delays and dead letters, with the
/// runtime's own code over an in-memory broker. There is no RabbitMQ, no process and no waiting: time stands still
/// until the test moves it. Three times are real, because the host measures them itself: the waits between the attempts
/// of an `ordered` function, the pause of a `breaker`, and a function's `timeout`.
///
/// ```swift
/// let host = try await TestHost(manifests: "manifests", bundles: ["orders": Orders.self])
/// try await host.publish("order.placed", OrderPlaced(orderID: "A-1", total: 20))
/// #expect(host.events("order.confirmed").count == 1)
/// await host.stop()
/// ```
public final class TestHost: Sendable {
    private let broker: InMemoryBroker
    private let recorder: RecordingBroker
    private let clock: ManualClock
    private let loop: TestLoop
    private let names: TopologyNames
    private let queues: [String: [String]]
    private let copies: CopyBuilder
    private let endpoint = RecordingEndpoint()

    /// Starts the functions of all manifests in a directory.
    ///
    /// - Parameters:
    ///   - manifests: The directory. A relative path starts at the test's working directory.
    ///   - bundles: The bundles that the manifests name, keyed by the name of their executable. Functions run inside
    ///     the test's process: they see its environment, not the manifest's.
    /// - Throws: ``TestHostError`` with every problem of the manifests, or whatever a function's `init` throws.
    public convenience init(
        manifests: String,
        bundles: [String: any FunctionBundle.Type]
    ) async throws {
        let loaded = ManifestLoader.load(directory: manifests)
        try await self.init(try Self.checked(loaded.manifests, loaded.problems), bundles: bundles)
    }

    /// Starts the functions of manifests that are given as text, documents separated by `---`.
    ///
    /// - Throws: As ``init(manifests:bundles:)``.
    public convenience init(
        manifest text: String,
        bundles: [String: any FunctionBundle.Type]
    ) async throws {
        let loaded = ManifestLoader.parse(text: text, file: "manifest")
        try await self.init(try Self.checked(loaded.manifests, loaded.problems), bundles: bundles)
    }

    /// - Throws: `TestHostError` with all problems, those between the manifests included.
    private static func checked(_ manifests: [Manifest], _ problems: [ManifestProblem]) throws -> [Manifest] {
        let problems = problems + ManifestCheck.problems(in: manifests, namespace: self.namespace)
        guard problems.isEmpty else {
            throw TestHostError(problems.sorted().map(\.description).joined(separator: "\n"))
        }
        return manifests
    }

    private static let namespace = "warren"

    private init(_ manifests: [Manifest], bundles: [String: any FunctionBundle.Type]) async throws {
        var setup = TestLoop.Setup(manifests: manifests, runners: [:], endpoint: self.endpoint)
        for case .function(let function) in manifests {
            setup.runners[function.name] = try await FunctionRunner(try Self.function(function, in: bundles))
        }
        let plan = TopologyPlanner.plan(manifests.flatMap(\.consumers), namespace: Self.namespace)
        let clock = ManualClock()
        self.clock = clock
        self.names = plan.names
        self.broker = InMemoryBroker(clock: clock)
        self.recorder = RecordingBroker(self.broker, recording: Set(manifests.flatMap(\.consumers).map(\.exchange)))
        self.queues = Dictionary(uniqueKeysWithValues: manifests.map { ($0.name, Self.queues(of: $0)) })
        self.copies = CopyBuilder(names: plan.names, host: "test")
        self.loop = try await TestLoop.start(
            setup,
            copies: self.copies,
            broker: self.broker,
            recorder: self.recorder,
            clock: clock
        )
    }

    private static func queues(of manifest: Manifest) -> [String] {
        manifest.consumers.map { $0.queueName(namespace: self.namespace) }
    }

    private static func function(
        _ manifest: FunctionManifest,
        in bundles: [String: any FunctionBundle.Type]
    ) throws -> any Function.Type {
        guard let bundle = bundles[manifest.handler.bundle] else {
            throw TestHostError(
                "manifest '\(manifest.name)' names the bundle '\(manifest.handler.bundle)'; pass it in bundles"
            )
        }
        let functions = bundle.functions
        for function in functions where function.name == manifest.handler.function { return function }
        let known = functions.map { $0.name }.joined(separator: ", ")
        throw TestHostError(
            "manifest '\(manifest.name)' names the function '\(manifest.handler.function)', and the bundle has: \(known)"
        )
    }

    // MARK: - What a test does

    /// Publishes an event, and waits until everything that follows from it at this time is done.
    ///
    /// - Parameters:
    ///   - key: The routing key, and the event's type.
    ///   - payload: What the event carries.
    ///   - exchange: The exchange that it is published to.
    ///   - id: The event's id; a new one when `nil`.
    ///   - delay: Like `warren publish --delay`: the event is published once the test has moved the time this far.
    /// - Returns: The event's id.
    /// - Throws: ``TestHostError`` if no function consumes the key, or the encoder's error.
    @discardableResult
    public func publish(
        _ key: String,
        _ payload: some Encodable & Sendable,
        exchange: String = "events",
        id: String? = nil,
        delay: Duration = .zero
    ) async throws -> String {
        let bytes = [UInt8](try DefaultCoding.encoder.encode(payload))
        return try await self.publish(key, bytes: bytes, exchange: exchange, id: id, delay: delay)
    }

    /// Publishes the bytes of a payload. Use it for invalid input and other media types.
    ///
    /// - Parameters:
    ///   - key: The routing key, and the event's type.
    ///   - bytes: The payload, as it is in the message.
    ///   - contentType: The payload's media type.
    ///   - contentEncoding: How the bytes are compressed: `gzip`, `deflate`, `br`, `zstd`; `nil` for not at all.
    ///   - exchange: The exchange that it is published to.
    ///   - id: The event's id; a new one when `nil`.
    ///   - delay: Like `warren publish --delay`: the event is published once the test has moved the time this far.
    /// - Returns: The event's id.
    /// - Throws: ``TestHostError`` when no function takes the key.
    @discardableResult
    public func publish(
        _ key: String,
        bytes: [UInt8],
        contentType: String = "application/json",
        contentEncoding: String? = nil,
        exchange: String = "events",
        id: String? = nil,
        delay: Duration = .zero
    ) async throws -> String {
        let id = id ?? "event-\(UUID().uuidString)"
        var event = EventMessage(
            id: id,
            type: key,
            source: "test",
            timeMilliseconds: TestLoop.milliseconds(self.clock),
            payload: bytes[...]
        )
        event.contentType = contentType
        event.contentEncoding = contentEncoding
        var message = event.message(exchange: exchange, routingKey: key)
        if delay > .zero {
            let (scheduled, level) = self.copies.scheduled(message, after: delay, now: WallClock.system.milliseconds)
            try await self.broker.declare(TopologyPlanner.delayLevels(upTo: level, self.names))
            message = scheduled
        }
        switch await self.recorder.publish([message]).first {
        case .confirmed:
            await self.settle()
            return id
        case .unroutable:
            throw TestHostError("no function takes '\(key)' of exchange '\(exchange)'; check the manifests' keys")
        case let result:
            throw TestHostError(
                "'\(key)' could not be published to exchange '\(exchange)': \(String(describing: result))"
            )
        }
    }

    /// Moves the time forward, from the end of one delay to the next, and waits at each step until everything that
    /// follows is done.
    public func advance(by interval: Duration) async {
        let end = self.clock.now + interval
        await self.settle()
        while let next = self.broker.nextExpiry, next <= end {
            self.clock.advance(by: next - self.clock.now)
            await self.settle()
        }
        self.clock.advance(by: end - self.clock.now)
        await self.settle()
    }

    /// Drains the functions and stops them.
    public func stop() async { await self.loop.stop() }

    private func settle() async { await self.loop.settle() }

    // MARK: - What a test sees

    /// Every event that the test and the functions have published to an exchange of the manifests so far, in order.
    public var events: [RecordedEvent] { self.recorder.events }

    /// The events with this routing key.
    public func events(_ key: String) -> [RecordedEvent] { self.events.filter { $0.key == key } }

    /// The events that were delivered to a webhook, in order, by the name of its manifest. Nothing is sent: in a test
    /// every endpoint accepts every event.
    public func deliveries(to webhook: String) -> [RecordedEvent] { self.endpoint.deliveries(to: webhook) }

    /// The dead letters of a function or webhook, by the name of its manifest; empty if there is no such manifest.
    public func deadLetters(of function: String) -> [DeadLetter] {
        self.queues[function, default: []].flatMap { queue in
            self.broker.messages(in: self.names.deadLetterQueue(of: queue)).map(DeadLetter.init)
        }
    }

    /// Emitted events that no queue receives.
    public var parked: [DeadLetter] { self.broker.messages(in: self.names.parked).map(DeadLetter.init) }

    /// The time until the next retry or delayed event is due; `nil` if none is waiting.
    public var nextDue: Duration? { self.broker.nextExpiry.map { max(.zero, $0 - self.clock.now) } }
}
