import Glibc
import PatientPolling
import Testing
import WorkerProtocol

@testable import Warren

/// Limits in processes of their own, which end as the test says that they do.
struct LimitEnforcementTests {
    @Test func `limits are in force and out of the environment before anything else runs`() async {
        await #expect(processExitsWith: .success) {
            let expendability = Child.expendability
            // One less than now, for the test's process may have many files open.
            let files = Child.limits(RLIMIT_NOFILE)[0] - 1
            let words = Child.enforce("memory=67108864,openFiles=\(files),cpuTime=100")
            precondition(words == "cpuTime=rlimit memory=rlimit openFiles=rlimit")
            precondition(getenv(WorkerProtocolVersion.limitsKey) == nil)
            precondition(Child.limits(RLIMIT_NOFILE) == [files, files])
            precondition(Child.limits(RLIMIT_CPU) == [100, 101])
            precondition(Child.limits(RLIMIT_CORE) == [0, 0])
            let memory = Child.limits(RLIMIT_DATA)
            precondition(memory[0] == memory[1] && memory[0] > 64 << 20 && memory[0] < UInt64(Int64.max))
            precondition(Child.expendability == min(1000, expendability + 500))
        }
    }

    @Test func `a worker without limits leaves no core and goes before its host`() async {
        await #expect(processExitsWith: .success) {
            let memory = Child.limits(RLIMIT_DATA)
            let expendability = Child.expendability
            precondition(Child.enforce(nil) == "")
            precondition(Child.limits(RLIMIT_CORE) == [0, 0])
            precondition(Child.limits(RLIMIT_DATA) == memory)
            precondition(Child.expendability == min(1000, expendability + 500))
        }
    }

    @Test func `a process that is no worker is left alone`() async {
        await #expect(processExitsWith: .success) {
            let files = Child.limits(RLIMIT_NOFILE)
            let expendability = Child.expendability
            unsetenv(WorkerProtocolVersion.environmentKey)
            setenv(WorkerProtocolVersion.limitsKey, "openFiles=40", 1)
            precondition(LimitEnforcement.enforceFromEnvironment() == "")
            precondition(Child.limits(RLIMIT_NOFILE) == files)
            precondition(Child.expendability == expendability)
            precondition(getenv(WorkerProtocolVersion.limitsKey) != nil)
        }
    }

    @Test func `a malformed limit ends the worker with its reason`() async throws {
        let result = await #expect(processExitsWith: .exitCode(70), observing: [\.standardErrorContent]) {
            _ = Child.enforce("memory=lots")
        }
        let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(words.contains("warren worker: the limit 'memory=lots' is not one of memory=BYTES"))
    }

    @Test func `a limit that the system refuses ends the worker with its reason`() async throws {
        let result = await #expect(processExitsWith: .exitCode(70), observing: [\.standardErrorContent]) {
            // More than any system has (fs.nr_open), so refused to a privileged user too.
            _ = Child.enforce("openFiles=9000000000000000000")
        }
        let words = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(words.contains("warren worker: the limit openFiles=9000000000000000000 was refused: "))
        #expect(words.contains("lower 'limits.openFiles' in the manifest"))
    }

    @Test func `memory beyond the limit is not given, and memory within it is`() async {
        await #expect(processExitsWith: .success) {
            _ = Child.enforce("memory=67108864")
            let beyond = Int(Child.limits(RLIMIT_DATA)[0])
            precondition(Child.canMap(48 << 20))
            precondition(!Child.canMap(beyond))
        }
    }

    @Test func `processor time beyond the limit ends the process`() async {
        await #expect(processExitsWith: .signal(SIGXCPU)) {
            _ = Child.enforce("cpuTime=1")
            // A second of processor time takes longer than that only on a machine that has other things to do.
            let giveUp = ContinuousClock.now + Patience.usual
            while ContinuousClock.now < giveUp {}
            exit(0)
        }
    }
}

/// What the processes of the tests look at in themselves.
private enum Child {
    /// Does as a worker does that a host started with these limits.
    static func enforce(_ limits: String?) -> String {
        setenv(WorkerProtocolVersion.environmentKey, "1", 1)
        if let limits { setenv(WorkerProtocolVersion.limitsKey, limits, 1) }
        return LimitEnforcement.enforceFromEnvironment()
    }

    /// Soft and hard.
    static func limits(_ resource: __rlimit_resource) -> [UInt64] {
        var limit = rlimit()
        precondition(getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0)
        return [UInt64(limit.rlim_cur), UInt64(limit.rlim_max)]
    }

    static var expendability: Int {
        ProcessFile.read("/proc/self/oom_score_adj").flatMap { Int($0.prefix { $0 != "\n" }) } ?? 0
    }

    /// Whether the system gives so many bytes to write to.
    static func canMap(_ bytes: Int) -> Bool {
        let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory, memory != MAP_FAILED else { return false }
        munmap(memory, bytes)
        return true
    }
}
