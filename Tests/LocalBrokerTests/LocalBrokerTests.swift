import FoundationEssentials
import Glibc
import Testing
import Waiting

@testable import LocalBroker

@Suite(.hangGuard)
struct LocalBrokerTests {
    @Test func `a temporary node answers, and after its stop nothing of it is left`() async throws {
        let broker = try await LocalBroker.start()
        let pid = try #require(broker.pid)
        let nodeName = try Self.nodeName(of: broker)
        #expect(broker.url == "amqp://guest:guest@127.0.0.1:\(broker.port)/")
        #expect(await Readiness.answers(port: broker.port, nodeName: nodeName))
        #expect(await !Readiness.answers(port: broker.port, nodeName: "another"))
        #expect(try await broker.control(["list_users"]).contains("guest"))

        let error = await #expect(throws: LocalBrokerError.self) {
            try await broker.control(["delete_vhost", "missing"])
        }
        #expect(String(describing: error).contains("'missing'"), "what rabbitmqctl printed")

        let processes = try Processes.ofNode(in: broker.dataDirectory)
        #expect(processes.contains(pid))
        let loopback = ["0100007F", "00000000000000000000000001000000"]
        let listeners = Processes.listeners(of: processes)
        #expect(listeners.count >= 3, "AMQP, distribution and epmd")
        #expect(listeners.allSatisfy(loopback.contains), "\(listeners)")

        await broker.stop()
        #expect(broker.pid == nil)
        try await Self.expectGone(broker.dataDirectory)
        #expect(!FileManager.default.fileExists(atPath: broker.dataDirectory))
        await #expect(throws: LocalBrokerError.notRunning) { try await broker.control(["list_users"]) }
        await #expect(throws: LocalBrokerError.notRunning) { try await broker.restart() }
    }

    @Test func `neither the node nor its epmd nor its watcher has a file of ours, also one that is not close-on-exec`()
        async throws
    {
        let directory = try Self.directory("open files")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let path = "\(directory)/ours"
        let file = open(path, O_RDWR | O_CREAT, 0o600)
        try #require(file >= 0)
        defer { close(file) }
        let ours = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(file)")
        let broker = try await LocalBroker.start()
        let processes = try Processes.ofNode(in: broker.dataDirectory)
        #expect(processes.flatMap(Processes.openFiles).contains("/dev/null"), "they can be looked at")
        for process in processes {
            #expect(!Processes.openFiles(of: process).contains(ours), "process \(process)")
        }
        await broker.stop()
    }

    @Test func `a node that is not ready in time is told with the time that it had`() {
        let error = LocalBrokerError.notReady(within: .seconds(90), log: "starting")
        #expect(error.description.hasPrefix("the private RabbitMQ node accepted no connection within 1 min 30 s; "))
    }

    @Test func `a given directory keeps its data over runs and serves one node at a time`() async throws {
        let directory = try Self.directory("kept data")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let first = try await LocalBroker.start(dataDirectory: directory)
        try await first.control(["add_vhost", "remembered"])
        await #expect(throws: LocalBrokerError.directoryInUse(path: first.dataDirectory)) {
            try await LocalBroker.start(dataDirectory: directory)
        }
        await first.stop()
        try await Self.expectGone(first.dataDirectory)

        let second = try await LocalBroker.start(dataDirectory: directory)
        #expect(try await second.control(["list_vhosts"]).contains("remembered"))
        await second.stop()
    }

    @Test func `the data of a node is for its user alone, whatever the directory's mode was`() async throws {
        let directory = try Self.directory("open to all")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        // As an earlier version left it.
        try "warren-earlier@localhost".write(toFile: "\(directory)/node-name", atomically: true, encoding: .utf8)
        try #require(chmod(directory, 0o777) == 0)
        let broker = try await LocalBroker.start(dataDirectory: directory)
        #expect(try Self.mode(of: directory) == 0o700)
        let names = try FileManager.default.subpathsOfDirectory(atPath: directory)
        let data = names.filter { $0.hasPrefix("mnesia/") || $0.hasPrefix("log/") }
        #expect(data.count > 5)
        for name in data {
            // A file of a running node may be gone by now.
            guard let mode = try? Self.mode(of: "\(directory)/\(name)") else { continue }
            #expect(mode & 0o077 == 0, "\(name)")
        }
        await broker.stop()
    }

    @Test func `a directory with other files in it is not closed to others, but refused`() async throws {
        let directory = try Self.directory("somebody's")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try "mine".write(toFile: "\(directory)/diary", atomically: true, encoding: .utf8)
        try #require(chmod(directory, 0o755) == 0)
        let error = await #expect(throws: LocalBrokerError.self) { try await DataDirectory.open(directory) }
        #expect(String(describing: error).contains("it holds other files and is open to other users"))
        #expect(try Self.mode(of: directory) == 0o755)
        // As soon as it is closed it may be used.
        try #require(chmod(directory, 0o700) == 0)
        try await DataDirectory.open(directory).release()
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a directory away"))
    func `a directory of another user is refused`() async throws {
        let directory = try Self.directory("of another user")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try #require(chown(directory, 65_534, 65_534) == 0)
        let error = await #expect(throws: LocalBrokerError.self) { try await DataDirectory.open(directory) }
        #expect(String(describing: error).contains("it belongs to another user (uid 65534)"))
    }

    @Test func `a node is frozen, killed and restarted on the same port and data`() async throws {
        let broker = try await LocalBroker.start()
        let pid = try #require(broker.pid)
        let nodeName = try Self.nodeName(of: broker)
        try await broker.control(["add_vhost", "remembered"])

        broker.suspend()
        try await wait(for: "the node to stand still") { Processes.state(of: pid) == "T" }
        broker.resume()
        try await wait(for: "the node to go on") { Processes.state(of: pid) != "T" }

        await broker.kill()
        #expect(broker.pid == nil)
        #expect(Processes.state(of: pid) == nil)
        #expect(await !Readiness.answers(port: broker.port, nodeName: nodeName))

        try await broker.restart()
        #expect(try #require(broker.pid) != pid)
        #expect(await Readiness.answers(port: broker.port, nodeName: nodeName))
        #expect(try await broker.control(["list_vhosts"]).contains("remembered"))
        await broker.stop()
    }

    // One exit test for both: each blocks a thread of the test run until its process has ended.
    @Test func `nodes end with the process that started them, even with one that is killed`() async throws {
        let kept = try Self.directory("kept by a killed process")
        let temporary = try Self.directory("temporary of a killed process")
        defer { for path in [kept, temporary] { try? FileManager.default.removeItem(atPath: path) } }
        await #expect(processExitsWith: .signal(SIGKILL)) { [kept = kept as String, temporary = temporary as String] in
            let keeper = try await LocalBroker.start(dataDirectory: kept)
            try await keeper.control(["add_vhost", "started"])
            setenv("TMPDIR", temporary, 1)
            let other = try await LocalBroker.start()
            #expect(other.dataDirectory.hasPrefix(temporary))
            kill(getpid(), SIGKILL)
        }
        try await Self.expectGone(kept)
        try await Self.expectGone(temporary)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary).isEmpty)

        let heir = try await LocalBroker.start(dataDirectory: kept)
        #expect(try await heir.control(["list_vhosts"]).contains("started"))
        await heir.stop()
    }

    @Test func `an instance that is dropped takes its node along`() async throws {
        var broker: LocalBroker? = try await LocalBroker.start()
        let directory = try #require(broker?.dataDirectory)
        broker = nil
        try await Self.expectGone(directory)
        #expect(!FileManager.default.fileExists(atPath: directory))
    }

    @Test func `a node that cannot start is reported at once, with its log`() async throws {
        let directory = try Self.directory("broken")
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try "not a configuration".write(toFile: "\(directory)/advanced.config", atomically: true, encoding: .utf8)
        let error = await #expect(throws: LocalBrokerError.self) {
            try await LocalBroker.start(dataDirectory: directory)
        }
        guard case .exited(let log) = error else {
            Issue.record("expected the node's end, got \(String(describing: error))")
            return
        }
        #expect(log.contains("failed_to_read_advanced_configuration_file"))
        try await Self.expectGone(directory)
    }

    @Test func `a taken port is refused before anything starts`() async throws {
        let ports = try NodePorts.choose(amqp: nil)
        let socket = Loopback.socket()
        defer { close(socket) }
        #expect(Loopback.withAddress(port: ports.amqp) { bind(socket, $0, $1) } == 0)
        #expect(listen(socket, 1) == 0)
        await #expect(throws: LocalBrokerError.portInUse(ports.amqp)) {
            try await LocalBroker.start(port: ports.amqp)
        }
    }

    @Test func `without RabbitMQ the error names the package to install`() {
        let error = #expect(throws: LocalBrokerError.self) {
            try Installation.find(searchPath: "/opt/tools", isExecutable: { _ in false })
        }
        #expect(error?.description.contains("apt-get install rabbitmq-server") == true)
    }

    @Test func `the package's own scripts are preferred to the search path`() throws {
        let everywhere = try Installation.find(searchPath: "/opt/tools", isExecutable: { _ in true })
        #expect(everywhere.server == "/usr/lib/rabbitmq/bin/rabbitmq-server")
        let elsewhere = try Installation.find(searchPath: "/opt/tools", isExecutable: { $0.hasPrefix("/opt/tools/") })
        #expect(elsewhere.control == "/opt/tools/rabbitmqctl")
    }

    private static func directory(_ name: String) throws -> String {
        let path = "/tmp/warren-broker-tests \(name) \(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private static func mode(of path: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status.st_mode & 0o7777
    }

    private static func nodeName(of broker: LocalBroker) throws -> String {
        try String(contentsOfFile: "\(broker.dataDirectory)/node-name", encoding: .utf8)
    }

    /// Helper programs of the Erlang VM notice its end a moment later.
    private static func expectGone(_ directory: String) async throws {
        try await wait(for: "the end of all processes in \(directory)") {
            try Processes.ofNode(in: directory).isEmpty
        }
    }
}
