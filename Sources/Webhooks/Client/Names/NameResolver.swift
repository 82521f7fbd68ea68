import CCurl
import EventLoops
import Glibc

/// Resolves host names with the system's resolver, each on a thread of its own, because a lookup can take long and
/// cannot be cancelled. The caller limits the number of concurrent lookups: see `NameLookups`.
enum NameResolver {
    enum Result: Sendable, Equatable {
        case found([IPAddress])
        case failed(words: String)

        var addresses: [IPAddress] {
            switch self {
            case .found(let addresses): addresses
            case .failed: []
            }
        }
    }

    /// - Parameter completion: called once, on the thread of the lookup.
    static func start(
        _ name: String,
        _ completion: @escaping @Sendable (Result) -> Void
    ) throws(SystemError) {
        try LoopThread.start(named: "lookup") { completion(self.lookUp(name)) }
    }

    /// Returns the addresses in the order in which they should be tried (RFC 6724).
    private static func lookUp(_ name: String) -> Result {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_family = self.hasIPv6 ? AF_UNSPEC : AF_INET
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &list)
        guard status == 0 else {
            return .failed(
                words: status == EAI_AGAIN
                    ? "no name server answers for the host's name" : "the host's name cannot be resolved"
            )
        }
        // The list belongs to this call until it is freed; the addresses are copied from it.
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var entry = list
        while let current = entry {
            if let socketAddress = current.pointee.ai_addr, let address = IPAddress(socketAddress),
                !addresses.contains(address)
            {
                addresses.append(address)
            }
            entry = current.pointee.ai_next
        }
        return addresses.isEmpty ? .failed(words: "the host's name cannot be resolved") : .found(addresses)
    }

    /// A machine without IPv6 should not ask for IPv6 addresses.
    private static var hasIPv6: Bool {
        let descriptor = socket(AF_INET6, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }
}
