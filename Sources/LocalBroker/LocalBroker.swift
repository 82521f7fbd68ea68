internal import FoundationEssentials
internal import Glibc
internal import Messaging
internal import Synchronization

/// A private RabbitMQ node, for `warren dev`, tests, benchmarks and the demo.
///
/// It needs an installed RabbitMQ but not root, listens only on 127.0.0.1, and writes nothing outside its data
/// directory. It ends with the process that started it, even after `SIGKILL`; see ``NodeProcess``. An instance that is
/// released without ``stop()`` kills its node.
package final class LocalBroker: Sendable {
    private struct State {
        var ports: NodePorts
        var node: NodeProcess?
        var isStopped = false
    }

    private static let startLimit = Duration.seconds(180)
    private static let stopGrace = Duration.seconds(15)

    private let installation: Installation
    private let directory: DataDirectory
    /// The port of the `epmd` that the nodes of a cluster share; `nil` for a node that has its own.
    private let sharedEpmd: Int?
    private let state: Mutex<State>

    /// The AMQP port on 127.0.0.1, the same after a restart.
    package let port: Int

    /// The URL for AMQP clients, with the account that RabbitMQ allows on loopback:
    /// `amqp://guest:guest@127.0.0.1:PORT/`.
    package var url: String { "amqp://guest:guest@127.0.0.1:\(self.port)/" }

    /// The absolute path of the directory that holds the node's data and its log, `log/broker.log`.
    package var dataDirectory: String { self.directory.path }

    /// The node's name in Erlang's distribution, as `rabbitmqctl` prints it.
    package var nodeName: String { self.directory.nodeName }

    /// The node's process id (the Erlang VM); `nil` while it is down.
    package var pid: Int32? { self.state.withLock { $0.node?.pid } }

    /// Whether the node's process has exited without being told to; ``restart()`` brings it back.
    package var hasDied: Bool { self.state.withLock { $0.node?.hasEnded ?? false } }

    private init(
        installation: Installation,
        directory: DataDirectory,
        sharedEpmd: Int?,
        ports: NodePorts,
        node: NodeProcess
    ) {
        self.sharedEpmd = sharedEpmd
        self.installation = installation
        self.directory = directory
        self.port = ports.amqp
        self.state = Mutex(State(ports: ports, node: node))
    }

    deinit {
        let (node, isStopped) = self.state.withLock { ($0.node, $0.isStopped) }
        node?.endNow()
        if !isStopped { self.directory.release() }
    }

    /// Starts a node and waits until it accepts connections, at most three minutes.
    ///
    /// - Parameters:
    ///   - dataDirectory: where its data stay between runs, such as `.warren`; for one node at a time. With `nil` a
    ///     temporary directory, which ``stop()`` removes.
    ///   - port: the AMQP port; `nil` for a free one.
    ///   - log: receives a line for a person when the start begins and when the node is ready.
    package static func start(
        dataDirectory: String? = nil,
        port: Int? = nil,
        log: @Sendable (String) -> Void = { _ in }
    ) async throws(LocalBrokerError) -> LocalBroker {
        let installation = try Installation.current()
        let directory = try await DataDirectory.open(dataDirectory)
        return try await Self.start(installation, in: directory, port: port, log: log)
    }

    /// - Parameters:
    ///   - directory: released when the node does not start.
    ///   - sharedEpmd: the port of the `epmd` of the cluster that the node belongs to.
    static func start(
        _ installation: Installation,
        in directory: DataDirectory,
        port: Int? = nil,
        sharedEpmd: Int? = nil,
        log: @Sendable (String) -> Void = { _ in }
    ) async throws(LocalBrokerError) -> LocalBroker {
        let begin = ContinuousClock.now
        log("starting a private RabbitMQ in \(directory.path)")
        do {
            let (node, ports) = try await Self.launch(
                installation,
                directory,
                port: port,
                sharedEpmd: sharedEpmd,
                truncatesLog: true
            )
            let broker = LocalBroker(
                installation: installation,
                directory: directory,
                sharedEpmd: sharedEpmd,
                ports: ports,
                node: node
            )
            let elapsed = ContinuousClock.now - begin
            log("RabbitMQ ready at \(broker.url) after \(elapsed.words)")
            return broker
        } catch {
            directory.release()
            throw error
        }
    }

    /// Runs `rabbitmqctl` against the node, at most three minutes.
    ///
    /// - Returns: its standard output.
    /// - Throws: ``LocalBrokerError/control(arguments:status:output:)`` with everything that it printed.
    @discardableResult
    package func control(_ arguments: [String]) async throws(LocalBrokerError) -> String {
        let (ports, isRunning) = self.state.withLock { ($0.ports, $0.node != nil) }
        guard isRunning else { throw .notRunning }
        return try await ControlCommand.run(
            self.installation.control,
            arguments,
            environment: Self.environment(self.directory, ports),
            directory: self.directory
        )
    }

    /// Ends the node for good. Afterwards none of its processes is left and the data directory is free.
    ///
    /// A node with a data directory to keep is shut down properly, with 15 s of grace. A node with temporary data is
    /// killed, which is faster. A second call does nothing.
    package func stop() async {
        let (node, isFirst) = self.state.withLock { state in
            defer { state.node = nil; state.isStopped = true }
            return (state.node, !state.isStopped)
        }
        await node?.end(grace: self.directory.isTemporary ? nil : Self.stopGrace)
        if isFirst { self.directory.release() }
    }

    /// Kills the node as a power failure would, for fault tests; ``restart()`` brings it back.
    package func kill() async {
        await self.takeNode()?.end(grace: nil)
    }

    /// Shuts the node down properly, unless it is down already, and starts it with the same port and data.
    package func restart() async throws(LocalBrokerError) {
        await self.takeNode()?.end(grace: Self.stopGrace)
        guard !self.state.withLock({ $0.isStopped }) else { throw .notRunning }
        let (node, ports) = try await Self.launch(
            self.installation,
            self.directory,
            port: self.port,
            sharedEpmd: self.sharedEpmd,
            truncatesLog: false
        )
        let isStopped = self.state.withLock { state in
            if !state.isStopped {
                state.node = node
                state.ports = ports
            }
            return state.isStopped
        }
        if isStopped {
            await node.end(grace: nil)
            throw .notRunning
        }
    }

    /// Freezes the node (`SIGSTOP`): connections stay open and nothing answers.
    package func suspend() {
        self.state.withLock { $0.node?.signal(SIGSTOP) }
    }

    /// Lets a suspended node go on (`SIGCONT`).
    package func resume() {
        self.state.withLock { $0.node?.signal(SIGCONT) }
    }

    private func takeNode() -> NodeProcess? {
        self.state.withLock { state in
            defer { state.node = nil }
            return state.node
        }
    }

    private static func environment(_ directory: DataDirectory, _ ports: NodePorts) -> [String: String] {
        NodeEnvironment.variables(
            directory: directory,
            ports: ports,
            inherited: ProcessInfo.processInfo.environment
        )
    }

    /// Starts a node and waits for it. Another process may take a port between its choice and its use; then this tries
    /// again with other ports.
    private static func launch(
        _ installation: Installation,
        _ directory: DataDirectory,
        port: Int?,
        sharedEpmd: Int?,
        truncatesLog: Bool
    ) async throws(LocalBrokerError) -> (NodeProcess, NodePorts) {
        for _ in 1...4 {
            let ports = try NodePorts.choose(amqp: port, epmd: sharedEpmd)
            let node = try NodeProcess.spawn(
                server: installation.server,
                environment: Self.environment(directory, ports),
                directory: directory,
                truncatesLog: truncatesLog,
                ownsEpmd: sharedEpmd == nil
            )
            do {
                try await Self.waitUntilReady(node, port: ports.amqp, directory)
                return (node, ports)
            } catch {
                await node.end(grace: nil)
                let log = directory.logTail(lines: 200)
                guard case .exited = error, log.contains("eaddrinuse") || log.contains(" in use ") else { throw error }
            }
        }
        throw port.map(LocalBrokerError.portInUse) ?? .noFreePort
    }

    private static func waitUntilReady(
        _ node: NodeProcess,
        port: Int,
        _ directory: DataDirectory
    ) async throws(LocalBrokerError) {
        var isReady = false
        let isDecided = await poll(every: .milliseconds(50), for: Self.startLimit) {
            if node.hasEnded || Task.isCancelled { return true }
            isReady = await Readiness.answers(port: port, nodeName: directory.nodeName)
            return isReady
        }
        if isReady { return }
        if Task.isCancelled { throw .cancelled }
        guard isDecided else {
            throw .notReady(within: Self.startLimit, log: directory.logTail(lines: 25))
        }
        throw .exited(log: directory.logTail(lines: 25))
    }
}
