import Foundation

/// A directory of its own for one test, removed with the last reference. Files go to paths relative to it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        // Without links, so that the paths that the system tells of descriptors are the same.
        self.path =
            FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appendingPathComponent("deployments-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    deinit {
        // Left behind, it is the system's to clean up.
        try? FileManager.default.removeItem(atPath: self.path)
    }

    func path(_ name: String) -> String { "\(self.path)/\(name)" }

    func makeDirectory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: self.path(name), withIntermediateDirectories: true)
    }

    /// Writes in place: truncates, then writes.
    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: self.path(name)))
    }

    /// Writes beside and renames over, as editors do.
    func replace(_ name: String, with text: String) throws {
        try self.write(text, to: name + ".new")
        try self.rename(name + ".new", to: name)
    }

    func rename(_ name: String, to other: String) throws {
        guard Glibc.rename(self.path(name), self.path(other)) == 0 else { throw POSIXError(.EIO) }
    }

    func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: self.path(name), withDestinationPath: target)
    }

    func remove(_ name: String) throws {
        try FileManager.default.removeItem(atPath: self.path(name))
    }

    /// Puts a copy of an executable in place by renaming, as a deploy does.
    func deploy(_ executable: String, as name: String) throws {
        let source = URL(fileURLWithPath: executable).resolvingSymlinksInPath().path
        try FileManager.default.copyItem(atPath: source, toPath: self.path(name + ".new"))
        try self.rename(name + ".new", to: name)
    }

    /// How many descriptors this process has on files in it. Nobody else's count, so tests may run side by side.
    func openDescriptors() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count { name in
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
            return target?.hasPrefix(self.path + "/") ?? false
        }
    }
}
