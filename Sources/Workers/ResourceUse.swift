import Glibc

/// The memory and CPU time of a process, as the kernel reports them.
struct ResourceUse: Equatable {
    /// Resident memory in bytes.
    let resident: Int
    let cpuTime: Duration

    /// Reads `/proc/<pid>/stat`; `nil` when the process is gone.
    init?(of process: pid_t) {
        let file = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        self.init(
            stat: String(decoding: bytes[..<count], as: UTF8.self),
            pageSize: sysconf(Int32(_SC_PAGESIZE)),
            ticksPerSecond: sysconf(Int32(_SC_CLK_TCK))
        )
    }

    /// The fields as proc(5) numbers them: 14 utime, 15 stime, 24 rss. Field 2 is the program's name in parentheses,
    /// which may contain spaces and parentheses, so the fields are counted from its closing parenthesis.
    init?(stat: String, pageSize: Int, ticksPerSecond: Int) {
        guard let name = stat.lastIndex(of: ")") else { return nil }
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        guard fields.count > 21, let user = Int(fields[11]), let system = Int(fields[12]), let pages = Int(fields[21])
        else { return nil }
        self.resident = pages * pageSize
        self.cpuTime = .milliseconds((user + system) * 1000 / ticksPerSecond)
    }
}
