import Deployments
import EventLoops
import Logging
import Manifests
import Messaging
import PatientPolling
import Processing
import Testing
import Topology
import WarrenTesting

/// The whole runtime over the in-memory broker, on a loop that the test turns itself.
final class Rig {
    static let names = TopologyNames(namespace: "t")

    let clock = ManualClock()
    let broker: InMemoryBroker
    /// What the runtime publishes and declares through.
    let observed: ObservedBroker
    let loop: EventLoop
    let intake: BreakableIntake
    let settler: Settler
    let runtime: ConsumerRuntime
    /// The invokers of the first versions, in the order of the manifests.
    let invokers: [ScriptedInvoker]
    private let made: Made
    private let statuses: Statuses
    private var condition: (() -> Bool)?
    private var turnsLeft = 0

    private final class Statuses {
        var list: [ConsumerStatus] = []
    }

    private final class Made {
        var first: [String: ScriptedInvoker]
        var later: [ScriptedInvoker] = []

        private let loop: EventLoop

        init(_ first: [String: ScriptedInvoker], loop: EventLoop) {
            self.first = first
            self.loop = loop
        }

        func next(_ name: String) -> ScriptedInvoker {
            if let invoker = self.first.removeValue(forKey: name) { return invoker }
            let invoker = ScriptedInvoker(loop: self.loop)
            invoker.isReadyAtOnce = false
            self.later.append(invoker)
            return invoker
        }
    }

    /// The statuses that were reported, of all functions.
    var reported: [ConsumerStatus] { self.statuses.list }
    var invoker: ScriptedInvoker { self.invokers[0] }
    /// The invokers of later versions, which do not get ready by themselves.
    var laterInvokers: [ScriptedInvoker] { self.made.later }
    private let manifests: [FunctionManifest]
    /// By the name of their functions.
    var pipelines: [ConsumerPipeline] { self.runtime.pipelines.sorted { $0.key < $1.key }.map(\.value) }
    var pipeline: ConsumerPipeline {
        guard let pipeline = self.pipelines.first else { preconditionFailure("the rig has not begun") }
        return pipeline
    }

    init(
        _ manifests: [FunctionManifest],
        bodyLimit: UInt64 = 1 << 20,
        waysBackInterval: Duration? = nil,
        bytes: ByteBudget = ByteBudget()
    ) throws {
        self.broker = InMemoryBroker(clock: self.clock)
        self.observed = ObservedBroker(self.broker)
        self.loop = try EventLoop()
        self.intake = try BreakableIntake(broker: self.broker, loop: self.loop, bodyLimit: bodyLimit)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let copies = CopyBuilder(names: Self.names, host: "test-host")
        self.settler = try Settler(broker: self.observed, copies: copies, loop: self.loop, logger: logger)
        let statuses = Statuses()
        self.statuses = statuses
        self.manifests = manifests
        let loop = self.loop
        let invokers = manifests.map { _ in ScriptedInvoker(loop: loop) }
        self.invokers = invokers
        let made = Made(Dictionary(uniqueKeysWithValues: zip(manifests.map(\.name), invokers)), loop: loop)
        self.made = made
        let clock = self.clock
        self.runtime = try ConsumerRuntime(
            names: Self.names,
            broker: self.observed,
            intake: self.intake,
            settler: self.settler,
            copies: copies,
            clock: WallClock { 1_000_000 + clock.now.wholeMilliseconds },
            loop: self.loop,
            logger: logger,
            waysBackInterval: waysBackInterval,
            bytes: bytes,
            makeInvoker: { consumer, _ in made.next(consumer.manifest.name) },
            report: { _, status in statuses.list.append(status) }
        )
    }

    /// Takes up other manifests while it runs.
    func deploy(_ manifests: [FunctionManifest]) {
        self.runtime.apply(Deployment.test(manifests), settled: true, retryingRejected: false)
    }

    /// Starts, and turns until every function runs.
    func start() throws {
        self.begin()
        try self.run("every function to run") { $0.pipelines.allSatisfy { $0.status == .running } }
    }

    /// Starts without waiting for anything.
    func begin() {
        self.runtime.start(Deployment.test(self.manifests))
        // After the runtime's own flush.
        self.loop.atTurnEnd { [weak self] in self?.turnEnded() }
    }

    private func turnEnded() {
        self.turnsLeft -= 1
        if let condition = self.condition {
            if condition() { self.loop.stop() }
        } else if self.turnsLeft <= 0 {
            self.loop.stop()
        } else {
            self.loop.continueAtOnce()
        }
    }

    /// Turns until the condition holds.
    func run(_ what: String, until condition: @escaping (Rig) -> Bool) throws {
        var hasTimedOut = false
        self.condition = { [unowned self] in hasTimedOut || condition(self) }
        let timer = self.loop.schedule(after: Patience.usual) { hasTimedOut = true }
        self.loop.continueAtOnce()
        self.loop.run()
        self.loop.cancel(timer)
        self.condition = nil
        if hasTimedOut { throw OutOfPatience(waitingFor: what) }
    }

    /// Turns so many times without waiting for anything.
    func turn(_ count: Int = 1) {
        self.turnsLeft = count
        self.loop.continueAtOnce()
        self.loop.run()
    }

    /// Turns until so many invocations are pending, over all versions.
    func run(pending: Int) throws {
        try self.run("\(pending) invocations") { $0.pending == pending }
    }

    /// Over all versions.
    var pending: Int { (self.invokers + self.laterInvokers).map(\.pending.count).reduce(0, +) }

    /// Lets every invocation, of whatever version, succeed until no more come and the queue is empty.
    func finishAll(queue: String = "t.f") throws {
        let deadline = ContinuousClock.now + Patience.usual
        while self.pending > 0 || self.broker.counts(of: queue) != InMemoryBroker.Counts() {
            guard ContinuousClock.now < deadline else {
                throw OutOfPatience(waitingFor: "end of all invocations")
            }
            for invoker in self.invokers + self.laterInvokers { invoker.finish(.done(emitted: [])) }
            self.turn()
        }
    }

    /// Turns until nothing is being settled and every delivery that can be is with the invoker.
    func settle() throws {
        try self.run("everything to be settled") { rig in
            rig.settler.pending == 0 && zip(rig.pipelines, rig.invokers).allSatisfy(rig.isSettled)
        }
    }

    private func isSettled(_ pipeline: ConsumerPipeline, _ invoker: ScriptedInvoker) -> Bool {
        let counts = self.broker.counts(of: pipeline.topology.queue)
        let isFull = invoker.pending.count == pipeline.manifest.concurrency
        return isFull || counts.ready == 0 && counts.unacknowledged == invoker.pending.count
    }

    func drain() throws {
        var isDrained = false
        self.runtime.drain { isDrained = true }
        try self.run("the end of the drain") { _ in isDrained }
    }

    // MARK: - Events

    func publish(
        _ id: String,
        of source: String = "shop",
        key: String = "order.placed",
        headers: [(String, FieldValue)] = [],
        size: Int = 2
    ) {
        var properties = BasicProperties()
        properties.messageID = id
        properties.appID = source
        self.publish(properties, key: key, headers: headers, size: size)
    }

    /// - Parameter size: of the body.
    func publish(_ properties: BasicProperties, key: String, headers: [(String, FieldValue)] = [], size: Int = 2) {
        let message = OutgoingMessage(
            exchange: "events",
            routingKey: key,
            properties: properties,
            headers: FieldTable(headers),
            body: (Array("{".utf8) + Array(repeating: 0x20, count: max(0, size - 2)) + Array("}".utf8))[...]
        )
        self.broker.publish([message]) { results in #expect(results == [.confirmed]) }
    }

    func ids(in queue: String) -> [String] {
        self.broker.messages(in: queue).map { $0.properties.messageID ?? "none" }
    }
}

extension FunctionManifest {
    func with(_ change: (inout FunctionManifest) throws -> Void) rethrows -> FunctionManifest {
        var manifest = self
        try change(&manifest)
        return manifest
    }

    /// A manifest for tests.
    static func test(
        _ name: String = "f",
        keys: [String] = ["order.placed"],
        concurrency: Int = 4,
        attempts: Int = 3,
        deferrals: Int = 2
    ) throws -> FunctionManifest {
        FunctionManifest(
            name: name,
            handler: HandlerReference(bundle: "bundle", function: name),
            keys: try keys.map { try RoutingPattern($0) },
            concurrency: concurrency,
            retry: RetryPolicy(
                maxAttempts: attempts,
                backoff: Backoff(initial: .seconds(1), multiplier: 2, max: .seconds(60), jitter: 0),
                maxDeferrals: deferrals
            ),
            locations: .init(everywhere: SourceLocation(file: "test.yaml", line: 1, column: 1))
        )
    }
}

extension Failure {
    static let test = Failure(type: "TestError", message: "it failed")
}

extension EmittedEvent {
    static func test(_ key: String, delay: Duration = .zero) -> EmittedEvent {
        EmittedEvent(
            key: key,
            type: key,
            contentType: "application/json",
            payload: Array("{\"a\":1}".utf8)[...],
            delay: delay,
            correlationID: "correlation",
            causationID: "cause",
            traceParent: nil,
            traceState: nil
        )
    }
}
