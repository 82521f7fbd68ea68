import FoundationEssentials
import KernelFiles

/// What `/proc` tells about the processes of private nodes, found by the data directory in their environment.
enum Processes {
    /// - Parameter directory: the data directory, or one above it.
    static func ofNode(in directory: String) throws -> [Int32] {
        let home = Array("\0HOME=\(directory)".utf8)
        return try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(Int32.init).filter { pid in
            ([0] + KernelFile.bytes("/proc/\(pid)/environ")).contains(home)
        }
    }

    /// The state letter of `/proc/PID/stat`, or nil when there is no such process.
    static func state(of pid: Int32) -> Character? {
        KernelFile.text("/proc/\(pid)/stat").split(separator: ") ").last?.first
    }

    /// What a process has open, as `/proc/PID/fd` names it: `/dev/null`, `socket:[123]`.
    static func openFiles(of pid: Int32) -> [String] {
        let directory = "/proc/\(pid)/fd"
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return descriptors.compactMap { descriptor in
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\(descriptor)")
        }
    }

    /// The local addresses, as `/proc/net/tcp` writes them, on which these processes listen.
    static func listeners(of pids: [Int32]) -> [String] {
        let sockets = pids.flatMap(self.openFiles)
        return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { table in
            KernelFile.text(table).split(separator: "\n").dropFirst().compactMap { line in
                let columns = line.split(separator: " ")
                guard columns[3] == "0A", sockets.contains("socket:[\(columns[9])]") else { return nil }
                return columns[1].split(separator: ":").first.map(String.init)
            }
        }
    }
}
