/// The resources that one worker process of a function may use. A limit that is absent is not set.
package struct ResourceLimits: Sendable, Hashable {
    /// The bounds of `limits.memory`, in bytes: 32 MiB, with which a small function can still start, to 1 TiB.
    package static let allowedMemory = (32 << 20)...(1 << 40)
    /// The bounds of `limits.openFiles`. With fewer than 32 a process may not get through its own start. The upper
    /// bound is the kernel's default maximum for one process (`fs.nr_open`, Documentation/admin-guide/sysctl/fs.rst).
    package static let allowedOpenFiles = 32...1_048_576
    /// The bounds of `limits.cpuTime`. The kernel counts this limit in whole seconds (setrlimit(2), RLIMIT_CPU); a
    /// year is more than any worker uses.
    package static let allowedCPUTime = Duration.seconds(1)...Duration.seconds(365 * 86_400)

    /// In bytes.
    package var memory: Int?
    /// The number of file descriptors that may be open at a time.
    package var openFiles: Int?
    /// The total CPU time of one process, from its start to its end, in whole seconds.
    package var cpuTime: Duration?

    package init(memory: Int? = nil, openFiles: Int? = nil, cpuTime: Duration? = nil) {
        self.memory = memory
        self.openFiles = openFiles
        self.cpuTime = cpuTime
    }
}
