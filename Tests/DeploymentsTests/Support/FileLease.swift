import EventLoops
import Glibc
import PatientPolling

/// A lease on a file: opening the file without waiting fails with EAGAIN until the lease ends (fcntl(2)). The system
/// ends it by force after `/proc/sys/fs/lease-break-time`, 45 seconds as a rule.
final class FileLease {
    private var descriptor: Int32

    init(_ path: String) throws {
        self.descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard self.descriptor >= 0 else { throw SystemError("open") }
        // Whoever wants to open the file makes the system send a signal to its holder: one that nobody minds.
        guard fcntl(self.descriptor, Self.setSignal, SIGURG) == 0 else { throw SystemError("fcntl") }
        // Nobody else may have the file open, and a process that another test is starting has, for a moment, all that
        // this one had open.
        let deadline = ContinuousClock.now + Patience.usual
        while fcntl(self.descriptor, Self.setLease, F_WRLCK) != 0 {
            guard errno == EAGAIN, .now < deadline else { throw SystemError("fcntl") }
            usleep(1000)
        }
    }

    deinit { self.end() }

    func end() {
        guard self.descriptor >= 0 else { return }
        close(self.descriptor)
        self.descriptor = -1
    }

    // No names of Swift's Glibc: they stand behind _GNU_SOURCE.
    private static let setSignal: Int32 = 10
    private static let setLease: Int32 = 1024
}
