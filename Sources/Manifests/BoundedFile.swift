import Glibc

/// Reads small files, up to a size limit.
package enum BoundedFile {
    /// Why a file could not be read.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        /// The system's error number.
        case unreadable(Int32)
        /// A directory, a pipe or a device.
        case notAFile
        case tooLarge(limit: Int)

        package var description: String {
            switch self {
            case .unreadable(let code):
                "it cannot be read (\(strerror(code).map { String(cString: $0) } ?? "error \(code)"))"
            case .notAFile: "it is not a regular file"
            case .tooLarge(let limit): "it is larger than \(limit / 1024) KiB"
            }
        }

        /// Whether reading the file again may succeed although nobody has changed it.
        var isTransient: Bool {
            switch self {
            case .unreadable(let code): TransientError.isOne(code)
            case .notAFile, .tooLarge: false
            }
        }
    }

    /// Reads a regular file of at most `limit` bytes.
    ///
    /// A file whose size is above the limit is refused before anything is read. A file that grows meanwhile, or whose
    /// size is not known in advance, is refused after `limit` bytes. The call never blocks: a pipe is refused, not
    /// waited for.
    package static func read(_ path: String, limit: Int) throws(Problem) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .unreadable(errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .unreadable(errno) }
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
                throw .unreadable(errno)
            }
            guard bytes.count + count <= limit else { throw .tooLarge(limit: limit) }
            bytes += chunk[..<count]
        }
    }

    /// The names in a directory, unsorted, without those that start with a dot.
    static func visibleNames(inDirectory path: String) throws(Problem) -> [String] {
        guard let directory = opendir(path) else { throw .unreadable(errno) }
        defer { closedir(directory) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                guard errno == 0 else { throw .unreadable(errno) }
                return names
            }
            // The name fills the rest of the entry, whose declared size is only an upper bound.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
    }
}
