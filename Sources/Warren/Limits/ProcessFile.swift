import Glibc

/// Reads and writes the small files in `/proc` through which the kernel shows and changes the state of a process.
enum ProcessFile {
    /// The first 16 KiB of the content; `nil` if the file is missing, unreadable or empty.
    static func read(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let content = [UInt8](unsafeUninitializedCapacity: 16 << 10) { buffer, count in
            count = max(0, Glibc.read(descriptor, buffer.baseAddress, buffer.count))
        }
        return content.isEmpty ? nil : String(decoding: content, as: UTF8.self)
    }

    /// Replaces the content. Returns whether the kernel accepted it.
    @discardableResult
    static func write(_ text: String, to path: String) -> Bool {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count
    }
}
