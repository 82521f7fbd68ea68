import CLinux
import Deployments
import Glibc
import Polling
import Testing

struct BundleExecutableTests {
    /// Runs it as workers are started, every descriptor but the first three closed in the child, and returns its exit
    /// code.
    private func run(_ path: String, _ arguments: String...) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        _ = warren_close_descriptors_from(&actions, 3)
        let copies: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        var pid = pid_t()
        let status = posix_spawn(&pid, path, &actions, nil, copies, [nil])
        guard status == 0 else { throw SystemError("posix_spawn", code: status) }
        var result: Int32 = 0
        while waitpid(pid, &result, 0) < 0 { try #require(errno == EINTR) }
        try #require(result & 0x7f == 0, "ended by a signal")
        return (result >> 8) & 0xff
    }

    @Test func `a build can be started after another has taken its place, and after it was removed`() throws {
        let directory = try TemporaryDirectory()
        try directory.deploy("/bin/sh", as: "orders")
        let path = directory.path("orders")
        let old = try BundleExecutable.open(path)
        #expect(try self.run(old.spawnPath, "-c", "exit 7") == 7)

        try directory.deploy("/bin/false", as: "orders")
        #expect(try self.run(path, "-c", "exit 7") == 1)
        #expect(try self.run(old.spawnPath, "-c", "exit 7") == 7)
        let new = try BundleExecutable.open(path)
        #expect(new != old)
        #expect(new.identity != old.identity)
        #expect(try self.run(new.spawnPath, "-c", "exit 7") == 1)

        try directory.remove("orders")
        #expect(throws: SystemError.self) { try self.run(path) }
        #expect(try self.run(old.spawnPath, "-c", "exit 7") == 7)
        #expect(try self.run(new.spawnPath, "-c", "exit 7") == 1)
    }

    @Test func `the child does not inherit the descriptor`() throws {
        let directory = try TemporaryDirectory()
        try directory.deploy("/bin/sh", as: "orders")
        let executable = try BundleExecutable.open(directory.path("orders"))
        let number = try #require(executable.spawnPath.split(separator: "/").last)
        // The host's own table is where it is.
        #expect(try self.run(executable.spawnPath, "-c", "test -e \(executable.spawnPath)") == 0)
        #expect(try self.run(executable.spawnPath, "-c", "test -e /proc/self/fd/\(number)") == 1)
    }

    @Test func `the descriptor is closed with the last reference`() throws {
        let directory = try TemporaryDirectory()
        try directory.deploy("/bin/sh", as: "orders")
        var executable: BundleExecutable? = try .open(directory.path("orders"))
        #expect(try directory.openDescriptors() == 1)
        #expect(executable != nil)
        executable = nil
        #expect(try directory.openDescriptors() == 0)
    }

    @Test func `links are followed, and the path stays as it was given`() throws {
        let directory = try TemporaryDirectory()
        try directory.deploy("/bin/sh", as: "orders-1")
        try directory.link("orders", to: "orders-1")
        let direct = try BundleExecutable.open(directory.path("orders-1"))
        let linked = try BundleExecutable.open(directory.path("orders"))
        #expect(linked.identity == direct.identity)
        #expect(linked.path == directory.path("orders"))
        #expect(try linked == .open(directory.path("orders")))
    }

    @Test func `what cannot be run is refused with the reason, and nothing stays open`() throws {
        let directory = try TemporaryDirectory()
        try directory.makeDirectory("folder")
        try directory.write("#!/bin/sh", to: "text")
        try #require(chmod(directory.path("text"), 0o644) == 0)
        try #require(mkfifo(directory.path("pipe"), 0o755) == 0)
        func reason(_ name: String) throws -> String {
            try #require(throws: SystemError.self) { try BundleExecutable.open(directory.path(name)) }.description
        }
        let path = directory.path
        #expect(
            try reason("none") == "opening the bundle \(path)/none failed: No such file or directory (errno 2)"
        )
        #expect(try reason("folder").contains("folder, which is not a regular file, failed: Permission denied"))
        #expect(try reason("pipe").contains("pipe, which is not a regular file, failed: Permission denied"))
        #expect(try reason("text").contains("text, which is not executable for the host, failed: Permission denied"))
        #expect(try directory.openDescriptors() == 0)
    }
}
