import Glibc

/// Files under `/proc`, which the kernel makes up as they are read.
///
/// They have no size, and Foundation takes the first part that the kernel hands over, a page of most of them, for all
/// of it. So they are read to their end here.
package enum KernelFile {
    /// Nothing when there is no such file, because its process has ended, or when this process may not read it.
    package static func bytes(_ path: String) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        return bytes
    }

    /// Empty when there is no such file, because its process has ended, or when this process may not read it.
    package static func text(_ path: String) -> String { String(decoding: self.bytes(path), as: UTF8.self) }
}
