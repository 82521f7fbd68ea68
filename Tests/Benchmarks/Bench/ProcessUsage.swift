import Foundation
import KernelFiles

/// The resource usage of a process, as `/proc` shows it.
struct ProcessUsage {
    let pid: Int32

    /// User and system time so far, in microseconds. The kernel counts in hundredths of a second.
    var cpuMicroseconds: Double {
        let text = KernelFile.text("/proc/\(self.pid)/stat")
        // The second field is the program's name in parentheses, which may contain spaces and parentheses.
        guard let name = text.lastIndex(of: ")") else { return 0 }
        let fields = text[text.index(after: name)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) * 10_000
    }

    /// Resident memory now, in KiB.
    var residentKiB: Double { self.status("VmRSS:") }

    private func status(_ field: String) -> Double {
        let text = KernelFile.text("/proc/\(self.pid)/status")
        let line = text.split(separator: "\n").first { $0.hasPrefix(field) }
        return line.flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first }.flatMap { Double($0) } ?? 0
    }

    /// The living child processes.
    var children: [Int32] {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(self.pid)/task")) ?? []
        return tasks.flatMap { task in
            KernelFile.text("/proc/\(self.pid)/task/\(task)/children").split(separator: " ").compactMap { Int32($0) }
        }
    }
}
