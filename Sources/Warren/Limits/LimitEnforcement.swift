import CLinux
import Glibc
import WorkerProtocol

/// Enforces a worker's limits, in its own process and before any code of its functions runs.
///
/// Three measures apply to every worker, whatever its manifest says. It writes no core file, because a loop of crashes
/// would fill the disk and a core contains secrets. Other processes of its user cannot read its memory and environment.
/// And when memory runs out, the kernel kills it before its host.
enum LimitEnforcement {
    /// Added to `oom_score_adj`, from -1000 to 1000, by which the kernel chooses the process to kill when memory runs
    /// out.
    private static let expendability = 500
    private static let unusable: Int32 = 70

    /// Reads the limits from the environment and enforces them. Does nothing in a process that no host started. If a
    /// limit cannot be enforced, the process exits with 70, because a worker without it is not what the manifest asks
    /// for.
    ///
    /// - Returns: The limits in force, as the hello frame reports them: `memory=rlimit openFiles=rlimit`.
    static func enforceFromEnvironment() -> String {
        guard let mark = getenv(WorkerProtocolVersion.environmentKey), String(cString: mark) == "1" else { return "" }
        let text = getenv(WorkerProtocolVersion.limitsKey).map { String(cString: $0) } ?? ""
        unsetenv(WorkerProtocolVersion.limitsKey)
        do throws(WorkerLimitError) {
            return try Self.enforce(try WorkerLimits(parsing: text)).joined(separator: " ")
        } catch {
            let complaint = Array("warren worker: \(error)\n".utf8)
            _ = write(STDERR_FILENO, complaint, complaint.count)
            _exit(Self.unusable)
        }
    }

    private static func enforce(_ limits: WorkerLimits) throws(WorkerLimitError) -> [String] {
        Self.becomeExpendable()
        // Must come second: a concealed process may not write to its own files in /proc.
        _ = warren_conceal_process()
        var inForce: [String] = []
        if let seconds = limits.cpuTime {
            // The hard limit is a second higher: SIGXCPU at the soft limit tells why the worker died, SIGKILL at the
            // hard limit would not.
            try Self.set(RLIMIT_CPU, "cpuTime", seconds, to: seconds, hard: seconds + 1)
            inForce.append("cpuTime=rlimit")
        }
        // Must precede `openFiles`, because it opens a file.
        if let share = limits.memory {
            guard let allowance = MemoryAllowance.current() else {
                throw .refused(
                    limit: "memory",
                    value: share,
                    reason: "/proc/self/status does not tell VmData and Threads"
                )
            }
            try Self.set(RLIMIT_DATA, "memory", share, to: allowance.limit(share: share))
            inForce.append("memory=rlimit")
        }
        if let files = limits.openFiles {
            try Self.set(RLIMIT_NOFILE, "openFiles", files, to: files)
            inForce.append("openFiles=rlimit")
        }
        return inForce
    }

    /// Sets the hard limit, too, so that the function cannot raise the soft limit again.
    private static func set(
        _ resource: __rlimit_resource,
        _ name: String,
        _ value: UInt64,
        to bound: UInt64,
        hard: UInt64? = nil
    ) throws(WorkerLimitError) {
        var limit = rlimit(rlim_cur: rlim_t(bound), rlim_max: rlim_t(hard ?? bound))
        guard setrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else {
            throw .refused(limit: name, value: value, reason: String(cString: strerror(errno)))
        }
    }

    /// Raises the score, which needs no privilege. If `/proc` is missing or not writable, workers keep the host's
    /// score.
    private static func becomeExpendable() {
        let path = "/proc/self/oom_score_adj"
        guard let now = ProcessFile.read(path).flatMap({ Int($0.prefix { $0 != "\n" }) }) else { return }
        ProcessFile.write("\(min(1000, now + Self.expendability))", to: path)
    }
}
