import CLinux
import Glibc

/// What one look finds at a path.
enum FileStamp: Sendable, Hashable {
    case file(FileIdentity)
    /// Nothing that can be looked at; with the system's error, because one turning into another is a change.
    case absent(Int32)

    init(of path: String) {
        var status = stat()
        self = stat(path, &status) == 0 ? .file(FileIdentity(status)) : .absent(errno)
    }

    /// Why there is nothing; nil if there is.
    var error: Int32? {
        switch self {
        case .file: nil
        case .absent(let error): error
        }
    }
}
