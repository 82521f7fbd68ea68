import FoundationEssentials
import Glibc
import KernelFiles

/// What the kernel tells of a process under `/proc`. Of one that has gone it tells nothing.
struct ProcessFacts: Sendable {
    let process: pid_t

    init(_ process: pid_t) { self.process = process }

    /// The name of its program, or the first 15 characters of it.
    var name: String { self.text("comm").replacing("\n", with: "") }

    /// Open descriptors.
    var descriptors: Int { self.entries("fd").count }
    var threads: Int { self.entries("task").count }
    /// Resident memory in KiB.
    var residentKiB: Int { self.status("VmRSS") }
    /// The most that was ever resident, in KiB.
    var peakKiB: Int { self.status("VmHWM") }

    private func status(_ name: String) -> Int {
        let line = self.text("status").split(separator: "\n").first { $0.hasPrefix(name + ":") }
        return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// The environment with which it was started.
    var environment: [String: String] {
        let pairs = self.text("environ").split(separator: "\0").map { $0.split(separator: "=", maxSplits: 1) }
        return Dictionary(pairs.map { (String($0[0]), $0.count > 1 ? String($0[1]) : "") }) { first, _ in first }
    }

    /// The file that it executes, as a device and an inode.
    var executable: [UInt]? { Self.file("/proc/\(self.process)/exe") }

    /// The processes that it has started and that live.
    var children: [ProcessFacts] {
        self.entries("task").flatMap { task in
            self.text("task/\(task)/children").split(separator: " ").compactMap { Int32($0) }.map(ProcessFacts.init)
        }
    }

    /// Which file stands at a path, as a device and an inode.
    static func file(_ path: String) -> [UInt]? {
        var status = stat()
        return stat(path, &status) == 0 ? [status.st_dev, status.st_ino] : nil
    }

    private func entries(_ directory: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(self.process)/\(directory)")) ?? []
    }

    private func text(_ name: String) -> String { KernelFile.text("/proc/\(self.process)/\(name)") }
}
