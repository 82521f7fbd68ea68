import Glibc

/// System errors that say something about the moment rather than the file: reading the file again may succeed although
/// nobody has changed it. A running host does so on its own, see `ChangeSettling`.
package enum TransientError {
    /// The remedy for such an error.
    package static let remedy = "a running host reads it again every second"

    /// - Parameter code: the value of `errno`.
    package static func isOne(_ code: Int32) -> Bool {
        switch code {
        // The process or the system has run out of descriptors or memory.
        case EMFILE, ENFILE, ENOMEM, ENOBUFS: true
        case EINTR: true
        // Another process, such as a file server, holds a lease on the file and is being asked to give it back.
        case EAGAIN: true
        // A disk, or the server of a network file system, does not answer or has changed.
        case EIO, ESTALE, ETIMEDOUT, EREMOTEIO: true
        default: false
        }
    }
}
