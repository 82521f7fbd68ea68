import CLinux
package import EventLoops
import Glibc

/// One build of a bundle, held by an open descriptor, so that workers of exactly this build can be started as long as
/// anything refers to it: even after a deploy has put another file in its place, or removed it.
///
/// A build that is overwritten in place is gone all the same; deploy by renaming over it, as compilers and package
/// managers do. The descriptor is opened with `O_PATH`, which needs no right to read, and keeps nobody from writing.
/// It belongs to this object, which closes it with its last reference.
package final class BundleExecutable: Sendable, Equatable {
    /// Where the build was found, as configured.
    package let path: String
    /// Of the file that the descriptor holds, when it was opened.
    package let identity: FileIdentity
    /// By which this build can be started, see `warren_start_program`. Open as long as this object lives.
    package let descriptor: Int32

    /// Opens the executable behind the path and its symbolic links.
    ///
    /// - Throws: why it cannot be run: it is missing, not a regular file, or not executable for the host.
    package static func open(_ path: String) throws(SystemError) -> BundleExecutable {
        // No name of Swift's Glibc: O_PATH stands behind _GNU_SOURCE, and this is what it is defined to be.
        let descriptor = Glibc.open(path, __O_PATH | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("opening the bundle \(path)") }
        do throws(SystemError) {
            return BundleExecutable(path: path, identity: try self.check(descriptor, path), descriptor: descriptor)
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func check(_ descriptor: Int32, _ path: String) throws(SystemError) -> FileIdentity {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemError("examining the bundle \(path)") }
        guard status.st_mode & S_IFMT == S_IFREG else {
            // What execve answers to it.
            throw SystemError("running the bundle \(path), which is not a regular file,", code: EACCES)
        }
        guard access("/proc/self/fd/\(descriptor)", X_OK) == 0 else {
            throw SystemError("running the bundle \(path), which is not executable for the host,")
        }
        return FileIdentity(status)
    }

    private init(path: String, identity: FileIdentity, descriptor: Int32) {
        self.path = path
        self.identity = identity
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    /// The same build at the same place; through which descriptor plays no part.
    package static func == (one: BundleExecutable, other: BundleExecutable) -> Bool {
        one === other || (one.identity == other.identity && one.path == other.path)
    }
}
