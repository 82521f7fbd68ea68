import Glibc
import Synchronization
import Warren

/// Does the harm that its event names, or none.
struct Misbehave: Function {
    struct Plan: Decodable, Sendable {
        let harm: Harm?
        /// How much of it.
        let amount: Int?
        /// Waits for a file with this path before it does anything.
        let gate: String?
    }

    enum Harm: String, Decodable, Sendable {
        /// Takes a thread for itself and goes on after it was cancelled.
        case spin
        /// Goes on after it was cancelled, without using the processor.
        case hang
        /// Starts a process, and goes on after it was cancelled.
        case fork
        case crash
        /// Writes so many KiB to stderr, and crashes.
        case scream
        /// Takes memory until there is no more.
        case allocate
        /// Takes so many MiB and keeps them.
        case keep
        /// Opens files until there are no more descriptors.
        case openFiles
        /// Uses the processor for so many milliseconds.
        case burn
        /// Sleeps for so many milliseconds, which harms nobody.
        case nap
        /// Prints so many MiB.
        case print
        /// Logs so many lines of a KiB.
        case log
    }

    struct OutOfDescriptors: Error, CustomStringConvertible {
        let code: Int32
        let opened: Int

        var description: String { "\(String(cString: strerror(self.code))) after \(self.opened) files" }
    }

    private let journal: Journal
    private let kept = Kept()

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<Plan>, context: FunctionContext) async throws {
        let plan = event.payload
        let amount = plan.amount ?? 0
        self.journal.note("begun", event.id, context)
        if let gate = plan.gate {
            while access(gate, F_OK) != 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
        switch plan.harm {
        case .spin: while access("/", F_OK) == 0 {}
        case .hang: while true { usleep(1000) }
        case .fork:
            self.journal.note("child-\(Self.startSleeper())", event.id, context)
            while true { usleep(1000) }
        case .crash: fatalError("told to crash")
        case .scream:
            Self.write(kibibytes: amount, to: STDERR_FILENO)
            fatalError("told to crash")
        case .allocate: while true { self.kept.add(mebibytes: 1) }
        case .keep: self.kept.add(mebibytes: amount)
        case .openFiles: throw Self.openAllFiles()
        case .burn: Self.burn(milliseconds: amount)
        case .nap: try await Task.sleep(for: .milliseconds(amount))
        case .print: Self.write(kibibytes: amount << 10, to: STDOUT_FILENO)
        case .log:
            let text = String(repeating: "x", count: 1 << 10)
            for _ in 0..<amount { context.logger.info("\(text)") }
        case nil: break
        }
        self.journal.note("ended", event.id, context)
    }

    /// Memory that was written to, so that it counts.
    private final class Kept: Sendable {
        private let blocks = Mutex<[[UInt8]]>([])

        func add(mebibytes: Int) {
            self.blocks.withLock { $0.append([UInt8](repeating: 1, count: mebibytes << 20)) }
        }
    }

    /// A process of the worker's group that outlives the test, unless somebody ends it.
    private static func startSleeper() -> pid_t {
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("120"), nil]
        var none: [UnsafeMutablePointer<CChar>?] = [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        posix_spawn(&process, "/bin/sleep", nil, nil, &arguments, &none)
        return process
    }

    /// Lines of 128 bytes.
    private static func write(kibibytes: Int, to descriptor: Int32) {
        let line = [UInt8](repeating: UInt8(ascii: "x"), count: 127) + [UInt8(ascii: "\n")]
        // A test may ask for a great many, and little of its time is to be spent here.
        let size = kibibytes.isMultiple(of: 64) ? 64 : 4
        let lines = [UInt8]((0..<size << 3).map { _ in line }.joined())
        for _ in 0..<kibibytes / size { _ = Glibc.write(descriptor, lines, lines.count) }
    }

    private static func openAllFiles() -> OutOfDescriptors {
        var opened: [Int32] = []
        defer { for descriptor in opened { close(descriptor) } }
        while case let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC), descriptor >= 0 {
            opened.append(descriptor)
        }
        return OutOfDescriptors(code: errno, opened: opened.count)
    }

    private static func burn(milliseconds: Int) {
        let end = Self.processorMilliseconds + milliseconds
        while Self.processorMilliseconds < end {}
    }

    private static var processorMilliseconds: Int {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int(time.tv_sec) * 1000 + Int(time.tv_nsec) / 1_000_000
    }
}

/// Is ill, until there is a file.
struct Ail: Function {
    struct Plan: Decodable, Sendable {
        enum Illness: String, Decodable, Sendable {
            case crash
            case fail
        }

        let illness: Illness
        /// The path of the file.
        let cure: String
        /// How long a run takes.
        let milliseconds: Int
    }

    struct OutOfOrder: Error, CustomStringConvertible {
        var description: String { "out of order" }
    }

    private let journal: Journal

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<Plan>, context: FunctionContext) async throws {
        let plan = event.payload
        self.journal.note("begun", event.id, context)
        try await Task.sleep(for: .milliseconds(plan.milliseconds))
        if access(plan.cure, F_OK) == 0 { return self.journal.note("ended", event.id, context) }
        self.journal.note("ailing", event.id, context)
        switch plan.illness {
        case .crash: fatalError("told to crash")
        case .fail: throw OutOfOrder()
        }
    }
}

/// Says in the journal how long its events were on the way, in microseconds: `took-350`.
struct Measure: Function {
    struct Plan: Decodable, Sendable {
        /// When the event was published, in microseconds of the clock that never jumps.
        let sent: Int
    }

    private let journal: Journal

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<Plan>, context: FunctionContext) async throws {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let microseconds = Int(now.tv_sec) * 1_000_000 + Int(now.tv_nsec) / 1000
        self.journal.note("took-\(microseconds - event.payload.sent)", event.id, context)
    }
}

/// Says in the journal which of the environment variables that its event names there are: `has-PATH`, `lacks-PATH`.
struct LookAround: Function {
    struct Plan: Decodable, Sendable {
        let names: [String]
    }

    private let journal: Journal

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<Plan>, context: FunctionContext) async throws {
        for name in event.payload.names {
            self.journal.note(getenv(name) == nil ? "lacks-\(name)" : "has-\(name)", event.id, context)
        }
    }
}
