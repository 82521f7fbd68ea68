import EventLoops
import Foundation
import Invoking
import KernelFiles
import Logging
import Messaging
import PatientPolling
import Synchronization
import Testing
import Workers

/// A pool of real worker processes on a loop that the test turns itself, with a directory that ends with it.
final class PoolRig {
    /// Where the build puts executables.
    static let buildDirectory: String = {
        let test = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (test as NSString).deletingLastPathComponent
    }()
    static var bundle: String { "\(self.buildDirectory)/test-functions" }

    let directory: String
    let loop: EventLoop
    private(set) var pool: WorkerPool
    private(set) var outcomes: [InvocationID: Outcome] = [:]
    /// Results that came a second time.
    private(set) var repeated: [InvocationID] = []
    private(set) var readyCount = 0
    private(set) var deaths: [String] = []
    /// Takes back what has not begun as soon as a worker has died, as a pipeline does whose breaker opens.
    var withdrawsAfterDeath = false
    private(set) var withdrawn: [UInt64] = []
    private(set) var unavailable: [(reason: String, notRun: [InvocationID])] = []
    /// A worker has begun and ended. Not every start succeeds: a script that was just written counts as busy while a
    /// process that another test is starting still shares the descriptor it was written with (execve(2), ETXTBSY).
    var hasEndedByItself: Bool { self.unavailable.contains { $0.reason.hasPrefix("it exited") } }
    private let lines = Lines()
    private var condition: (() -> Bool)?

    /// What workers wrote and the pool logged.
    var log: [String] { self.lines.all.withLock { $0 } }

    /// Lines that the pool says it has dropped.
    var dropped: Int { self.lines.dropped.withLock { $0 } }

    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
        let dropped = Mutex(0)
    }

    private struct Capture: LogHandler {
        let lines: Lines
        var metadata = Logger.Metadata()
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { self.metadata[key] }
            set { self.metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            self.lines.all.withLock { $0.append("\(event.message)") }
            guard "\(event.message)".hasPrefix("log lines of a worker were dropped") else { return }
            let lines = (event.metadata?["lines"]).flatMap { Int("\($0)") } ?? 0
            self.lines.dropped.withLock { $0 += lines }
        }
    }

    init(
        _ executable: String = PoolRig.bundle,
        function: String = "work",
        environment: [String: String] = [:],
        workers: Int = 1,
        timeout: Duration = Patience.usual,
        grace: Duration = .seconds(10),
        startLimit: Duration = Patience.usual,
        settings: (inout WorkerLaunch) -> Void = { _ in }
    ) throws {
        let directory = NSTemporaryDirectory() + "warren-workers-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        self.directory = directory
        self.loop = try EventLoop()
        let lines = self.lines
        var environment = environment
        environment["JOURNAL"] = "\(directory)/journal"
        var launch = WorkerLaunch(
            executable: executable.replacingOccurrences(of: "DIRECTORY", with: directory),
            function: function,
            environment: environment,
            concurrency: 8,
            workers: workers,
            timeout: timeout,
            grace: grace,
            startLimit: startLimit
        )
        settings(&launch)
        self.pool = WorkerPool(
            launch: launch,
            loop: self.loop,
            clock: .system,
            logger: Logger(label: "workers") { _ in Capture(lines: lines) }
        )
        self.loop.atTurnEnd { [weak self] in
            guard let self else { return }
            if self.condition?() == true { self.loop.stop() }
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: self.directory) }

    func write(_ name: String, _ text: String) throws {
        let path = "\(self.directory)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: path)
    }

    func start() {
        self.pool.start { [unowned self] event in
            switch event {
            case .ready: self.readyCount += 1
            case .unavailable(let reason, let notRun): self.unavailable.append((reason, notRun))
            case .paused(let reason, _, _): Issue.record("workers have nobody who asks for a pause: \(reason)")
            case .workerDied(let reason):
                self.deaths.append(reason)
                if self.withdrawsAfterDeath { self.withdrawn += self.pool.withdraw().map(\.run) }
            case .results(let results):
                for result in results where self.outcomes.updateValue(result.outcome, forKey: result.id) != nil {
                    self.repeated.append(result.id)
                }
            }
        }
    }

    func run(_ what: String, until condition: @escaping (PoolRig) -> Bool) throws {
        var hasTimedOut = false
        self.condition = { [unowned self] in hasTimedOut || condition(self) }
        // Turns come from what workers do; these make one of what others do, such as a line in the journal.
        let limit = self.loop.schedule(after: Patience.usual) { hasTimedOut = true }
        var tick: TimerID?
        func again() { tick = self.loop.schedule(after: .milliseconds(5), again) }
        again()
        self.loop.run()
        self.loop.cancel(limit)
        if let tick { self.loop.cancel(tick) }
        self.condition = nil
        if hasTimedOut { throw OutOfPatience(waitingFor: what, found: "logged: \(self.log.suffix(5))") }
    }

    func startAndWait() throws {
        self.start()
        try self.run("the pool to be ready") { $0.readyCount > 0 }
    }

    func invoke(_ number: UInt64, _ payload: String = #"{"milliseconds":0}"#) {
        var properties = BasicProperties()
        properties.messageID = "e\(number)"
        let message = OutgoingMessage(
            exchange: "events",
            routingKey: "k",
            properties: properties,
            headers: FieldTable(),
            body: Array(payload.utf8)[...]
        )
        let delivery = Delivery(message, tag: DeliveryTag(generation: 1, value: number))
        self.pool.invoke(
            Invocation(
                id: Self.id(number),
                delivery: delivery,
                attributes: EventAttributes(delivery),
                resolvedID: nil,
                attempt: 1,
                maxAttempts: 3,
                originalRoutingKey: nil
            )
        )
    }

    /// Runs invocations, numbered from 1, until two processes have run some, and nothing runs.
    func runInTwoWorkers() throws {
        var number: UInt64 = 1
        try self.run("two workers") { rig in
            guard rig.outcomes.count == Int(number) - 1 else { return false }
            if number > 1, Set((1..<number).flatMap { rig.processes("begun", $0) }).count == 2 { return true }
            rig.invoke(number, #"{"milliseconds":20}"#)
            rig.invoke(number + 1, #"{"milliseconds":20}"#)
            number += 2
            return false
        }
    }

    private static func id(_ number: UInt64) -> InvocationID { InvocationID(run: number, place: Int(number)) }

    func outcome(_ number: UInt64) -> Outcome? { self.outcomes[Self.id(number)] }

    func stop() throws {
        var isStopped = false
        self.pool.stop { isStopped = true }
        try self.run("the pool to stop") { _ in isStopped }
    }

    // MARK: - What workers did

    private var journal: [[Substring]] {
        let text = (try? String(contentsOfFile: "\(self.directory)/journal", encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map { $0.split(separator: " ") }
    }

    /// The processes that did the deed to the event, in their order.
    func processes(_ deed: String, _ number: UInt64) -> [pid_t] {
        self.journal.filter { $0.count == 5 && $0[0] == "e\(number)" && $0[4] == deed }.compactMap { pid_t($0[2]) }
    }

    /// Whether the process still runs; one that has ended and was not waited for does not.
    static func isAlive(_ pid: pid_t) -> Bool {
        guard let state = self.state("/proc/\(pid)") else { return false }
        return state != "Z" && state != "X"
    }

    /// Stops a process, and waits until it stands still: on a busy machine its threads go on until one of them has had
    /// its turn and taken the signal.
    func suspend(_ pid: pid_t) throws {
        #expect(kill(pid, SIGSTOP) == 0)
        let threads = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")
        try self.run("process \(pid) to stand still") { _ in
            threads.allSatisfy { [nil, "T"].contains(Self.state("/proc/\(pid)/task/\($0)")) }
        }
    }

    /// The state of a process or thread, as proc(5) names it; nil when it is gone.
    private static func state(_ directory: String) -> Substring? {
        KernelFile.text("\(directory)/stat").split(separator: ")").last?.split(separator: " ").first
    }
}
