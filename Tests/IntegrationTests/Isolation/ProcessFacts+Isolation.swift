import FoundationEssentials
import KernelFiles

extension ProcessFacts {
    /// What each open descriptor stands for, as the kernel names it: a path, or a kind and a number such as
    /// `socket:[4711]`.
    var links: [Int: String] {
        let directory = "/proc/\(self.process)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.reduce(into: [:]) { links, name in
            guard let number = Int(name) else { return }
            links[number] = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\(name)")
        }
    }

    /// Whether it runs, or could: one that has ended and that nobody has asked for does not count.
    var isAlive: Bool {
        let status = KernelFile.text("/proc/\(self.process)/stat")
        guard let name = status.lastIndex(of: ")") else { return false }
        return !status[name...].hasPrefix(") Z") && !status[name...].hasPrefix(") X")
    }
}
