import Glibc

/// Reads small files, and no more of them than allowed.
package enum BoundedFile {
    /// Why a file could not be read.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        /// The text of the system's error.
        case unreadable(String)
        /// A directory, a pipe or a device.
        case notAFile
        case tooLarge(limit: Int)

        package var description: String {
            switch self {
            case .unreadable(let reason): "it cannot be read (\(reason))"
            case .notAFile: "it is not a regular file"
            case .tooLarge(let limit): "it is larger than \(limit / 1024) KiB"
            }
        }
    }

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// A larger file is refused by its size, before anything is read; one that grows in the meantime, or whose size
    /// is not known in advance, after `limit` bytes. Nothing blocks: a pipe is refused, not waited for.
    package static func read(_ path: String, limit: Int) throws(Problem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .unreadable(self.systemError()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(self.systemError()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile }
        guard status.st_size <= limit else { throw .tooLarge(limit: limit) }

        var bytes: [UInt8] = []
        bytes.reserveCapacity(Int(status.st_size))
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(self.systemError())
            }
            guard bytes.count + count <= limit else { throw .tooLarge(limit: limit) }
            bytes += chunk[..<count]
        }
    }

    /// The names in a directory, unsorted, without those that start with a dot.
    static func visibleNames(inDirectory path: String) throws(Problem) -> [String] {
        guard let directory = opendir(path) else { throw .unreadable(self.systemError()) }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                guard errno == 0 else { throw .unreadable(self.systemError()) }
                return names
            }
            // The name fills the rest of the entry, whose declared size is only an upper bound.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
    }

    private static func systemError() -> String {
        guard let text = strerror(errno) else { return "error \(errno)" }
        return String(cString: text)
    }
}
