import CProcess
import Deployments
import EventLoops
import Glibc
import Testing

struct BundleExecutableTests {
    /// Runs it as workers are started, with the first three descriptors of the test and no others, and returns its exit
    /// code.
    private func run(_ executable: BundleExecutable, _ arguments: String...) throws -> Int32 {
        let descriptors: [Int32] = [0, 1, 2]
        let copies: [UnsafeMutablePointer<CChar>?] = ([executable.path] + arguments).map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        let none: [UnsafeMutablePointer<CChar>?] = [nil]
        var pid = pid_t()
        var step: UnsafePointer<CChar>?
        let status = copies.withUnsafeBufferPointer { arguments in
            none.withUnsafeBufferPointer { environment in
                descriptors.withUnsafeBufferPointer { descriptors in
                    var program = warren_program()
                    program.descriptor = executable.descriptor
                    program.path = arguments.first.flatMap { UnsafePointer($0) }
                    program.arguments = arguments.baseAddress
                    program.environment = environment.baseAddress
                    program.descriptors = descriptors.baseAddress
                    program.descriptor_count = Int32(descriptors.count)
                    return warren_start_program(&program, &pid, &step)
                }
            }
        }
        guard status == 0 else { throw SystemError(step.map { String(cString: $0) } ?? "", code: status) }
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
        #expect(try self.run(old, "-c", "exit 7") == 7)

        try directory.deploy("/bin/false", as: "orders")
        #expect(try self.run(.open(path), "-c", "exit 7") == 1)
        #expect(try self.run(old, "-c", "exit 7") == 7)
        let new = try BundleExecutable.open(path)
        #expect(new != old)
        #expect(new.identity != old.identity)
        #expect(try self.run(new, "-c", "exit 7") == 1)

        try directory.remove("orders")
        #expect(throws: SystemError.self) { _ = try self.run(.open(path)) }
        #expect(try self.run(old, "-c", "exit 7") == 7)
        #expect(try self.run(new, "-c", "exit 7") == 1)
    }

    @Test func `the child does not inherit the descriptor`() throws {
        let directory = try TemporaryDirectory()
        try directory.deploy("/bin/sh", as: "orders")
        let executable = try BundleExecutable.open(directory.path("orders"))
        // The shell has none but those that it was given.
        let others = "for each in /proc/self/fd/*; do [ ${each##*/} -gt 2 ] && [ -e $each ] && exit 1; done; exit 0"
        #expect(try self.run(executable, "-c", others) == 0)
    }

    @Test func `a script can be started too, and after it was removed`() throws {
        let directory = try TemporaryDirectory()
        try directory.write("#!/bin/sh\nexit $1\n", to: "orders")
        try #require(chmod(directory.path("orders"), 0o755) == 0)
        let executable = try BundleExecutable.open(directory.path("orders"))
        #expect(try self.run(executable, "7") == 7)
        try directory.remove("orders")
        #expect(try self.run(executable, "8") == 8)
    }

    @Test func `what cannot be executed is told with the step that failed`() throws {
        let directory = try TemporaryDirectory()
        for (name, text, code) in [
            ("orders", "#!/no/such/interpreter\n", ENOENT), ("audit", "neither program nor script", ENOEXEC),
        ] {
            try directory.write(text, to: name)
            try #require(chmod(directory.path(name), 0o755) == 0)
            let executable = try BundleExecutable.open(directory.path(name))
            #expect(throws: SystemError("execve", code: code)) { try self.run(executable) }
        }
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
