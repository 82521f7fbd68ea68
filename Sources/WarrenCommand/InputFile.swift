import ArgumentParser
import Glibc
import Messaging

/// Reads a file or standard input, using no more memory than a given limit.
enum InputFile {
    /// - Parameter path: the file; `nil` for standard input.
    static func open(_ path: String?) throws -> Int32 {
        guard let path else {
            guard isatty(0) == 0 else {
                throw ValidationError("there is no payload: give --data or --file, or pipe it in")
            }
            return 0
        }
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw ValidationError("the file \(path) cannot be read: \(String(cString: strerror(errno)))")
        }
        return descriptor
    }

    /// The largest payload of an event in bytes, which is the largest that a host accepts from the broker.
    static let largestPayload = BodyLimit.bytes

    /// Reads the whole input as the payload of one event.
    static func payload(_ path: String?) throws -> [UInt8] {
        let payload = try self.read(path, limit: self.largestPayload + 1)
        guard payload.count <= self.largestPayload else { throw self.tooLarge }
        return payload
    }

    static var tooLarge: ValidationError {
        ValidationError("the payload has more than \(self.largestPayload) bytes, the most that an event may have")
    }

    /// Reads a small file of text, such as one with a secret.
    static func text(_ path: String) throws -> String {
        guard let text = String(validating: try self.read(path, limit: 64 << 10), as: UTF8.self) else {
            throw ValidationError("the file \(path) is no text in UTF-8")
        }
        return text
    }

    /// Reads at most `limit` bytes.
    static func read(_ path: String?, limit: Int) throws -> [UInt8] {
        let descriptor = try self.open(path)
        defer { if descriptor != 0 { close(descriptor) } }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count < limit {
            let count = try self.read(descriptor, into: &chunk, path)
            guard count > 0 else { break }
            bytes.append(contentsOf: chunk[..<count])
        }
        return Array(bytes.prefix(limit))
    }

    /// Reads into `chunk`, and returns the number of bytes read; 0 at the end.
    static func read(_ descriptor: Int32, into chunk: inout [UInt8], _ path: String?) throws -> Int {
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count >= 0 { return count }
            guard errno == EINTR else {
                let name = path ?? "standard input"
                throw ValidationError("\(name) cannot be read: \(String(cString: strerror(errno)))")
            }
        }
    }
}
