import Glibc

/// Computes `RLIMIT_DATA` from a manifest's `limits.memory`. The kernel counts all private writable mappings of a
/// process towards that limit.
///
///     RLIMIT_DATA = what the process has (VmData)
///                 + limits.memory
///                 + stack size × threads that Warren and Swift may still start
///
/// The kernel counts a thread's whole stack when the thread begins, usually 8 MiB, though little of it is ever used.
/// Without the last line of the formula, the function's share would depend on the machine. The threads are one for each
/// processor, the main thread, the reader, the one for Dispatch's timers, and one to spare. Threads that the function
/// starts itself come out of its share. Measured on two processors: a busy worker has 5 threads and 35 MiB of such
/// memory, 32 of them stacks, and 11 MiB resident.
///
/// Source: setrlimit(2); proc_pid_status(5), VmData and Threads.
struct MemoryAllowance: Equatable {
    /// The size of the private writable mappings, in bytes.
    let mapped: UInt64
    /// The number of threads.
    let threads: UInt64
    /// The stack size of a new thread, in bytes.
    let stack: UInt64
    /// The number of processors online.
    let processors: UInt64

    /// The limit in bytes, so that the function can add `share` bytes.
    func limit(share: UInt64) -> UInt64 {
        let wanted = self.processors + 4
        let stacks = self.stack.multipliedReportingOverflow(by: wanted - min(wanted, self.threads))
        return [self.mapped, stacks.overflow ? .max : stacks.partialValue].reduce(share) { sum, part in
            let total = sum.addingReportingOverflow(part)
            // `.max` would mean no limit.
            return total.overflow ? .max - 1 : total.partialValue
        }
    }
}

extension MemoryAllowance {
    /// The current state of this process; `nil` if the kernel does not report it.
    static func current() -> MemoryAllowance? {
        guard let status = ProcessFile.read("/proc/self/status"), let mapped = Self.number("VmData:", in: status),
            let threads = Self.number("Threads:", in: status)
        else { return nil }
        var attributes = pthread_attr_t()
        var stack = 0
        guard pthread_attr_init(&attributes) == 0 else { return nil }
        defer { pthread_attr_destroy(&attributes) }
        guard pthread_attr_getstacksize(&attributes, &stack) == 0 else { return nil }
        return MemoryAllowance(
            mapped: mapped * 1024,
            threads: threads,
            stack: UInt64(max(0, stack)),
            processors: UInt64(max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        )
    }

    /// Returns the number that follows a name in a status file: `VmData:     424 kB`.
    static func number(_ name: String, in status: String) -> UInt64? {
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        return line.dropFirst(name.utf8.count).split(whereSeparator: { $0 == " " || $0 == "\t" }).first.flatMap {
            UInt64($0)
        }
    }
}
