import Glibc

/// The system's errors that say nothing about a file, only about the moment: reading it again may succeed although
/// nobody has touched it. A host that runs does so by itself, see `ChangeSettling`.
package enum PassingError {
    /// What to do about it.
    package static let remedy = "a running host reads it again every second"

    /// - Parameter code: the value of `errno`.
    package static func isOne(_ code: Int32) -> Bool {
        switch code {
        // Descriptors or memory ran out: of the process, of the system.
        case EMFILE, ENFILE, ENOMEM, ENOBUFS: true
        case EINTR: true
        // Somebody holds a lease on it, as file servers do, and is being asked to give it back.
        case EAGAIN: true
        // A disk, or the server behind a network file system, that does not answer or has changed.
        case EIO, ESTALE, ETIMEDOUT, EREMOTEIO: true
        default: false
        }
    }
}
