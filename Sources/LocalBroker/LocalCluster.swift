internal import FoundationEssentials
internal import Glibc
internal import Synchronization

/// A private cluster of RabbitMQ nodes on 127.0.0.1, for tests: each node can be killed, suspended and restarted on its
/// own. Its data are temporary, and everything ends with the process that started it.
package final class LocalCluster: Sendable {
    package let nodes: [LocalBroker]
    private let names: ClusterNames

    private init(nodes: [LocalBroker], names: ClusterNames) {
        self.nodes = nodes
        self.names = names
    }

    /// Starts the nodes and waits until they form one cluster.
    package static func start(count: Int = 3) async throws(LocalBrokerError) -> LocalCluster {
        let installation = try Installation.current()
        let names = try await ClusterNames.start()
        // If a later step fails, the nodes that were started before end when they are released.
        let first = try await self.node(installation, names, joining: nil)
        // Two nodes that form a cluster at the same moment may each form their own, so the first one has to be up
        // already.
        let others = await withTaskGroup(of: Result<LocalBroker, LocalBrokerError>.self) { group in
            for _ in 1..<count {
                group.addTask {
                    do throws(LocalBrokerError) {
                        return .success(try await self.node(installation, names, joining: first.nodeName))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        var nodes = [first]
        for other in others { nodes.append(try other.get()) }
        return LocalCluster(nodes: nodes, names: names)
    }

    /// Ends all nodes for good. A second call does nothing.
    package func stop() async {
        for node in self.nodes { await node.stop() }
        self.names.stop()
    }

    private static func node(
        _ installation: Installation,
        _ names: ClusterNames,
        joining member: String?
    ) async throws(LocalBrokerError) -> LocalBroker {
        let directory = try await DataDirectory.open(nil)
        do {
            try self.prepare(directory, cookie: names.cookie, joining: member)
        } catch {
            directory.release()
            throw .unusableDirectory(path: directory.path, reason: "\(error)")
        }
        return try await LocalBroker.start(installation, in: directory, sharedEpmd: names.port)
    }

    private static func prepare(_ directory: DataDirectory, cookie: String, joining member: String?) throws {
        let path = "\(directory.path)/.erlang.cookie"
        try cookie.write(toFile: path, atomically: true, encoding: .utf8)
        // Erlang accepts a cookie only from a file that other users cannot read.
        chmod(path, 0o400)
        guard let member else { return }
        // RabbitMQ reads this once, when a fresh node starts: https://www.rabbitmq.com/docs/cluster-formation.
        try "[{rabbit, [{cluster_nodes, {['\(member)', '\(directory.nodeName)'], disc}}]}].\n"
            .write(toFile: "\(directory.path)/advanced.config", atomically: true, encoding: .utf8)
    }
}

/// What the nodes of a cluster share: the cookie, and the `epmd` that knows their ports and outlives each of them.
private final class ClusterNames: Sendable {
    let port: Int
    let cookie = String((0..<20).map { _ in Character(Unicode.Scalar(UInt8.random(in: 65...90))) })
    private let directory: DataDirectory
    private let process: NodeProcess
    private let isStopped = Mutex(false)

    private init(port: Int, directory: DataDirectory, process: NodeProcess) {
        self.port = port
        self.directory = directory
        self.process = process
    }

    deinit { self.stop() }

    static func start() async throws(LocalBrokerError) -> ClusterNames {
        let ports = try NodePorts.choose(amqp: nil)
        let directory = try await DataDirectory.open(nil)
        let environment = NodeEnvironment.variables(
            directory: directory,
            ports: ports,
            inherited: ProcessInfo.processInfo.environment
        )
        do throws(LocalBrokerError) {
            // The environment tells it where to listen.
            let process = try NodeProcess.spawn(
                server: "epmd",
                environment: environment,
                directory: directory,
                truncatesLog: true,
                ownsEpmd: false
            )
            return ClusterNames(port: ports.epmd, directory: directory, process: process)
        } catch {
            directory.release()
            throw error
        }
    }

    func stop() {
        let isFirst = self.isStopped.withLock { isStopped in
            defer { isStopped = true }
            return !isStopped
        }
        guard isFirst else { return }
        self.process.endNow()
        self.directory.release()
    }
}
