import AMQP
import FoundationEssentials
import Glibc
import LocalBroker
import Logging
import Messaging
import Synchronization
import Testing

/// A namespace, an exchange and a directory of its own for one test, so that many tests can share a node.
final class TestBed: Sendable {
    let node: LocalBroker
    /// What the host and the publisher are given: one address, or those of all nodes of a cluster.
    let urls: [String]
    let namespace: String
    let directory: String
    let broker: AMQPBroker
    let journal: Journal
    private let processes = Mutex<[WarrenProcess]>([])
    private let readers = Mutex<[QueueReader]>([])

    var exchange: String { "\(self.namespace).events" }
    var parked: String { "\(self.namespace).parked" }
    var manifests: String { "\(self.directory)/manifests" }

    private init(_ nodes: [LocalBroker], urls: [String]?) throws {
        self.node = nodes[0]
        self.urls = urls ?? nodes.map(\.url)
        self.namespace = "t-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
        self.directory = FileManager.default.temporaryDirectory.path + "/warren-\(self.namespace)"
        self.journal = Journal(path: "\(self.directory)/journal")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        self.broker = try AMQPBroker(addresses: AMQPAddresses(self.urls), name: "test", logger: logger)
        try FileManager.default.createDirectory(atPath: self.manifests, withIntermediateDirectories: true)
    }

    /// Runs the body on a fresh bed, and clears up whatever becomes of it.
    static func use(
        _ shared: SharedBroker = .calm,
        _ body: (TestBed) async throws -> Void
    ) async throws {
        try await self.use(nodes: [shared.node], body)
    }

    /// - Parameters:
    ///   - nodes: those of a cluster.
    ///   - urls: their addresses, if they are not to be reached with the account that RabbitMQ has for tests.
    static func use(
        nodes: [LocalBroker],
        urls: [String]? = nil,
        _ body: (TestBed) async throws -> Void
    ) async throws {
        let bed = try TestBed(nodes, urls: urls)
        do {
            try await body(bed)
        } catch {
            await bed.close()
            throw error
        }
        await bed.close()
    }

    private func close() async {
        for process in self.processes.withLock({ $0 }) { process.end() }
        for reader in self.readers.withLock({ $0 }) { await reader.close() }
        await self.broker.close(within: .zero)
        try? FileManager.default.removeItem(atPath: self.directory)
    }

    // MARK: - The host

    /// The queue of a function.
    func queue(_ function: String) -> String { "\(self.namespace).\(function)" }

    func deadLetters(_ function: String) -> String { "\(self.queue(function)).dead" }

    /// Writes the manifest of a function of the test bundle.
    ///
    /// - Parameter settings: further lines of YAML.
    func deploy(_ function: String, keys: [String] = ["work"], _ settings: String = "") throws {
        let manifest = """
            apiVersion: warren/v1
            kind: Function
            name: \(function)
            handler: test-functions/\(function)
            events:
              exchange: \(self.exchange)
              keys: \(keys)
            env:
              JOURNAL: \(self.journal.path)
            \(settings)

            """
        try self.deploy(manifest: manifest, as: function)
    }

    /// Writes a manifest as it is.
    func deploy(manifest: String, as name: String) throws {
        try manifest.write(toFile: "\(self.manifests)/\(name).yaml", atomically: true, encoding: .utf8)
    }

    /// Starts a host with what has been deployed, and waits until everything runs, or until it says something else.
    ///
    /// - Parameters:
    ///   - manifests: their directory, if it is not this bed's own.
    ///   - bundles: their directory, if it is not the one of the build.
    ///   - arguments: further ones of `warren run`.
    ///   - wrapper: a program, with its arguments, that becomes the host after it has prepared something.
    ///   - environment: all of the host's own.
    func startHost(
        manifests: String? = nil,
        bundles: String = WarrenProcess.directory,
        arguments: [String] = [],
        wrapper: [String] = [],
        environment: [String: String] = [:],
        waitingFor message: String = "all functions are running"
    ) async throws -> HostProcess {
        let host = HostProcess(
            try self.start(
                ["run"] + self.urls.flatMap { ["--broker", $0] } + [
                    "--namespace", self.namespace,
                    "--manifests", manifests ?? self.manifests, "--bundles", bundles, "--json",
                ] + arguments,
                wrapper: wrapper,
                environment: environment
            )
        )
        try await host.says(message)
        return host
    }

    /// Runs a command to its end, on this bed's broker.
    func command(_ arguments: [String]) async throws -> (exitCode: Int32, output: String, errors: String) {
        let common = ["--broker", self.node.url, "--namespace", self.namespace, "--exchange", self.exchange]
        let process = try self.start(arguments + common)
        let exitCode = try await process.exit()
        let lines = process.output.split(whereSeparator: \.isNewline)
        return (exitCode, lines.joined(separator: "\n"), process.errors)
    }

    /// - Parameters:
    ///   - program: an executable of the build.
    ///   - wrapper: as for `startHost`.
    func start(
        _ arguments: [String],
        program: String = "warren",
        wrapper: [String] = [],
        environment: [String: String] = [:]
    ) throws -> WarrenProcess {
        try self.start(
            command: wrapper + ["\(WarrenProcess.directory)/\(program)"] + arguments,
            name: program,
            environment: environment
        )
    }

    /// - Parameter command: the path of an executable, and its arguments.
    func start(command: [String], name: String, environment: [String: String] = [:]) throws -> WarrenProcess {
        try self.processes.withLock { processes in
            let process = try WarrenProcess(
                command,
                environment: environment,
                name: "\(name)-\(processes.count)",
                in: self.directory
            )
            processes.append(process)
            return process
        }
    }

    // MARK: - Messages

    /// An event for this bed's exchange.
    func event(
        _ body: String,
        id: String?,
        source: String? = "shop",
        key: String = "work",
        correlationID: String? = nil,
        headers: FieldTable = FieldTable()
    ) -> OutgoingMessage {
        var properties = BasicProperties()
        properties.messageID = id
        properties.appID = source
        properties.correlationID = correlationID
        return OutgoingMessage(
            exchange: self.exchange,
            routingKey: key,
            properties: properties,
            headers: headers,
            body: Array(body.utf8)[...]
        )
    }

    /// Publishes one event, which must be confirmed.
    func publish(_ event: OutgoingMessage, _ location: SourceLocation = #_sourceLocation) async throws {
        let results = await self.broker.publish([event])
        try #require(results == [.confirmed], sourceLocation: location)
    }

    /// Publishes an event for each id.
    ///
    /// - Returns: the ids that the broker confirmed.
    func publish(ids: some Sequence<String>, _ body: String) async -> Set<String> {
        let ids = Array(ids)
        let results = await self.broker.publish(ids.map { self.event(body, id: $0) })
        return Set(zip(ids, results).lazy.filter { $0.1 == .confirmed }.map(\.0))
    }

    /// Takes messages out of a queue, which must exist.
    func reader(_ queue: String) async throws -> QueueReader {
        let reader = try await QueueReader(queue, of: self.node)
        self.readers.withLock { $0.append(reader) }
        return reader
    }

    /// Reads everything that comes to this bed's exchange from now on.
    func auditReader() async throws -> QueueReader {
        let audit = "\(self.namespace).audit"
        try await self.broker.declare([
            .exchange(ExchangeDeclaration(name: self.exchange, kind: .topic)),
            .queue(QueueDeclaration(name: audit, arguments: [DeclarationArgument("x-queue-type", .text("quorum"))])),
            .binding(BindingDeclaration(source: self.exchange, routingKey: "#", destination: .queue(audit))),
        ])
        return try await self.reader(audit)
    }

    /// Takes out what is ready in a queue.
    func drainQueue(_ queue: String) async throws -> [Delivery] {
        guard let inspection = try await self.broker.inspect(queue: queue), inspection.readyMessages > 0 else {
            return []
        }
        return try await self.reader(queue).messages(inspection.readyMessages)
    }

    /// Where each confirmed event is, when no host runs any more.
    func ledger(confirmed: Set<String>, handled: Set<String>, function: String) async throws -> Ledger {
        var ledger = Ledger(confirmed: confirmed, handled: handled)
        ledger.queued = Set(try await self.drainQueue(self.queue(function)).map(\.id))
        ledger.dead = Set(try await self.drainQueue(self.deadLetters(function)).map(\.id))
        ledger.parked = Set(try await self.drainQueue(self.parked).map(\.id))
        return ledger
    }
}
