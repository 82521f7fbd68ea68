import Foundation
import Glibc

/// A port on 127.0.0.1 that completes connections and never answers: the kernel completes them, and no process accepts
/// them. Once its queue is full, with thousands of connections, the kernel does not answer further ones either. Closed
/// when the last reference is gone.
final class SilentPort {
    let number: Int
    private let socket: Int32

    init() throws {
        self.socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard self.socket >= 0 else { throw BenchError("no socket: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = self.socket
        let isListening = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 4096) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        guard isListening else {
            let code = errno
            close(socket)
            throw BenchError("no port on 127.0.0.1: errno \(code)")
        }
        self.number = Int(in_port_t(bigEndian: address.sin_port))
    }

    deinit { close(self.socket) }

    /// A port that was free a moment ago.
    static func free() throws -> Int { try SilentPort().number }

    /// Whether any client has connected so far.
    var wasReached: Bool {
        var entry = pollfd(fd: self.socket, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&entry, 1, 0) == 1
    }
}
