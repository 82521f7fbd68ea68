import Glibc

/// How a manifest's `limits.memory` becomes `RLIMIT_DATA`, which counts all that a process maps for itself to write to.
///
///     RLIMIT_DATA = what the process has (VmData)
///                 + limits.memory
///                 + stack size × threads that Warren and Swift may still start
///
/// The system counts a thread's stack in full when the thread begins, 8 MiB as a rule, though little of it is ever
/// used. So the function's share would depend on the machine without the last line. The threads are one for each
/// processor, the main one, the one that reads, the one that keeps Dispatch's timers, and one to spare. Threads that
/// the function starts itself come out of its share. Measured on two processors: a busy worker has 5 threads and 35 MiB
/// of such memory, 32 of them stacks, and 11 MiB resident.
///
/// Source: setrlimit(2); proc_pid_status(5), VmData and Threads.
struct MemoryAllowance: Equatable {
    /// Bytes that the process has mapped to write to.
    let mapped: UInt64
    /// Threads that it has.
    let threads: UInt64
    /// Bytes of a new thread's stack.
    let stack: UInt64
    /// Processors that are online.
    let processors: UInt64

    /// Bytes that the process may map in all, so that the function can add `share`.
    func limit(share: UInt64) -> UInt64 {
        let wanted = self.processors + 4
        let stacks = self.stack.multipliedReportingOverflow(by: wanted - min(wanted, self.threads))
        return [self.mapped, stacks.overflow ? .max : stacks.partialValue].reduce(share) { sum, part in
            let total = sum.addingReportingOverflow(part)
            // The largest number would mean no limit.
            return total.overflow ? .max - 1 : total.partialValue
        }
    }
}

extension MemoryAllowance {
    /// As the process stands now; nil when the system does not tell.
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

    /// The number behind a name in a status file: `VmData:     424 kB`.
    static func number(_ name: String, in status: String) -> UInt64? {
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
        return line.dropFirst(name.utf8.count).split(whereSeparator: { $0 == " " || $0 == "\t" }).first.flatMap {
            UInt64($0)
        }
    }
}
