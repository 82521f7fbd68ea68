import FoundationEssentials
import Glibc
import Messaging

/// Prints the output of commands: results to stdout, everything else to stderr.
enum Terminal {
    static func print(_ text: String) { self.write(text + "\n", to: 1) }

    static func print(json value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { return }
        self.print(PrintableText.json(String(decoding: data, as: UTF8.self)))
    }

    static func error(_ text: String) { self.write(text + "\n", to: 2) }

    /// Whether the process has a controlling terminal, which sends SIGHUP when it is closed (tty(4)).
    static var controls: Bool {
        let descriptor = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }

    /// Whether stderr, where progress is shown, is a terminal.
    static var isInteractive: Bool { isatty(2) == 1 }

    static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&wait, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}
