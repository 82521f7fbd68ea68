import Glibc

/// A port of loopback that nobody uses at the moment, for programs that cannot choose one themselves.
enum FreePort {
    struct None: Error {}

    static func next(type: Int32 = Int32(SOCK_STREAM.rawValue)) throws -> Int {
        let descriptor = socket(AF_INET, type, 0)
        guard descriptor >= 0 else { throw None() }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        // The address lives on this stack frame, and the two calls do not keep it.
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound else { throw None() }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
