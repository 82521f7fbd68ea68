import FoundationEssentials
import Glibc
import Synchronization
import Waiting

/// A process of a real executable: `warren`, or what stands beside it in the build directory of this test.
final class WarrenProcess: Sendable {
    struct NotStarted: Error {
        let path: String
        let reason: String
    }

    /// Where the build puts executables, bundles among them.
    static let directory: String = {
        let test = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return test.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }()

    let process: pid_t
    /// What it writes to standard output and standard error: files, because a pipe that nobody reads would stop it.
    let outputPath: String
    let errorPath: String
    private let status = Mutex<Int32?>(nil)

    /// - Parameters:
    ///   - arguments: the first one is the path of the executable.
    ///   - name: of its two files in the directory.
    init(_ arguments: [String], environment: [String: String], name: String, in directory: String) throws {
        self.outputPath = "\(directory)/\(name).stdout"
        self.errorPath = "\(directory)/\(name).stderr"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, self.outputPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, self.errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Whatever the test runner blocks or ignores: the host is to see its signals.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let executable = arguments.first ?? ""
        var argv = arguments.map { strdup($0) } + [nil]
        var envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (argv + envp).forEach { free($0) } }
        var process: pid_t = 0
        let code = posix_spawn(&process, executable, &actions, &attributes, &argv, &envp)
        guard code == 0 else { throw NotStarted(path: executable, reason: String(cString: strerror(code))) }
        self.process = process
    }

    deinit { self.end() }

    /// The exit code, or 128 plus the signal that ended it; nil as long as it runs.
    var exitCode: Int32? {
        self.status.withLock { status in
            if status == nil {
                var raw: Int32 = 0
                guard waitpid(self.process, &raw, WNOHANG) == self.process else { return nil }
                status = raw & 0x7f == 0 ? raw >> 8 & 0xff : 128 + raw & 0x7f
            }
            return status
        }
    }

    func signal(_ number: Int32) {
        // Once it is reaped its number may be somebody else's.
        self.status.withLock { status in
            if status == nil { kill(self.process, number) }
        }
    }

    /// Waits for its own end.
    func exit() async throws -> Int32 {
        try await wait(for: "exit of warren", found: { self.errors }) { self.exitCode != nil }
        return self.exitCode ?? -1
    }

    /// Ends it at once, unless it has ended.
    func end() {
        self.status.withLock { status in
            guard status == nil else { return }
            kill(self.process, SIGKILL)
            var raw: Int32 = 0
            waitpid(self.process, &raw, 0)
            status = 128 + SIGKILL
        }
    }

    var output: String { (try? String(contentsOfFile: self.outputPath, encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOfFile: self.errorPath, encoding: .utf8)) ?? "" }
}
