import CLinux
import Glibc

/// Which file stands at a path, and which content: two looks that find the same identity have found the same bytes.
///
/// The change time is in it because, unlike the modification time, no program can set it back. The price is that a new
/// hard link or other permissions count as a change too, which is harmless. Two writes within one tick of the kernel's
/// clock (at most 10 ms) can leave the same identity; whoever relies on it waits longer than that, see
/// `ChangeSettling`.
package struct FileIdentity: Sendable, Hashable {
    package let device: UInt
    package let inode: UInt
    /// In bytes.
    package let size: Int
    /// Modification time in nanoseconds since 1970.
    package let modified: Int64
    /// Change time in nanoseconds since 1970.
    package let changed: Int64

    init(_ status: stat) {
        self.device = status.st_dev
        self.inode = status.st_ino
        self.size = status.st_size
        self.modified = Self.nanoseconds(status.st_mtim)
        self.changed = Self.nanoseconds(status.st_ctim)
    }

    /// What stands at the path, behind symbolic links; nil if that cannot be told.
    static func find(at path: String) -> Self? {
        var status = stat()
        return stat(path, &status) == 0 ? Self(status) : nil
    }

    /// A time that no clock shows, of a broken file system, is still a mark of identity: it wraps around.
    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
