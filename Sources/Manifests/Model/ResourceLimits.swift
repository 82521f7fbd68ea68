/// What one worker process of a function may use. A limit that is absent is not set.
package struct ResourceLimits: Sendable, Hashable {
    /// The bounds of `limits.memory`, in bytes: 32 MiB, with which a small function can still start, to 1 TiB.
    package static let allowedMemory = (32 << 20)...(1 << 40)
    /// The bounds of `limits.openFiles`. Below 32 a process may not get through its own start; the most is Linux'
    /// default for the most that one process can have (`fs.nr_open`, Documentation/admin-guide/sysctl/fs.rst).
    package static let allowedOpenFiles = 32...1_048_576
    /// The bounds of `limits.cpuTime`. The kernel counts this limit in whole seconds (setrlimit(2), RLIMIT_CPU); a
    /// year is more than any worker uses.
    package static let allowedCPUTime = Duration.seconds(1)...Duration.seconds(365 * 86_400)

    /// Bytes of memory.
    package var memory: Int?
    /// Open file descriptors at a time.
    package var openFiles: Int?
    /// The CPU time that one process may use in all, from its start to its end; whole seconds.
    package var cpuTime: Duration?

    package init(memory: Int? = nil, openFiles: Int? = nil, cpuTime: Duration? = nil) {
        self.memory = memory
        self.openFiles = openFiles
        self.cpuTime = cpuTime
    }
}
