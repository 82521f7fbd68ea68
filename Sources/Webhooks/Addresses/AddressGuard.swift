import Glibc

/// Decides which IP addresses deliveries may go to. A manifest may name any host, and a host name may resolve to any
/// address, including one inside the network that the runtime runs in (server-side request forgery).
///
/// The guard judges the address of the socket that is about to be opened, never a name, so a name that resolves to
/// another address next time is judged again. Only the operator of the host can allow ranges, with `--allow-network`;
/// no manifest can.
package struct AddressGuard: Sendable {
    /// Ranges that are not on the public Internet, or through which a private network can be reached.
    ///
    /// Sources: the addresses that are not globally reachable in IANA's registries of special-purpose addresses (RFC
    /// 6890 and later); RFC 2765, section 2.1 (SIIT); and what other webhook senders refuse.
    private static let refused: [Network] = [
        // This host, private networks, shared address space, loopback, link-local with the clouds' metadata services.
        Network(known: "0.0.0.0/8"), Network(known: "10.0.0.0/8"), Network(known: "100.64.0.0/10"),
        Network(known: "127.0.0.0/8"), Network(known: "169.254.0.0/16"), Network(known: "172.16.0.0/12"),
        Network(known: "192.168.0.0/16"),
        // Protocol assignments, documentation, 6to4 relays, benchmarks.
        Network(known: "192.0.0.0/24"), Network(known: "192.0.2.0/24"), Network(known: "192.88.99.0/24"),
        Network(known: "198.18.0.0/15"), Network(known: "198.51.100.0/24"), Network(known: "203.0.113.0/24"),
        // Multicast, reserved, broadcast.
        Network(known: "224.0.0.0/4"), Network(known: "240.0.0.0/4"),
        // Unspecified, loopback.
        Network(known: "::/128"), Network(known: "::1/128"),
        // Translation to IPv4, where the final address is unknown: SIIT, NAT64, Teredo, 6to4.
        Network(known: "::ffff:0:0:0/96"), Network(known: "64:ff9b::/96"), Network(known: "64:ff9b:1::/48"),
        Network(known: "2001::/32"), Network(known: "2002::/16"),
        // Discard-only, dummy, benchmarks, hashes of keys (ORCHID), documentation, segment routing.
        Network(known: "100::/64"), Network(known: "100:0:0:1::/64"), Network(known: "2001:2::/48"),
        Network(known: "2001:10::/28"), Network(known: "2001:db8::/32"), Network(known: "3fff::/20"),
        Network(known: "5f00::/16"),
        // Private, link-local, site-local, multicast.
        Network(known: "fc00::/7"), Network(known: "fe80::/10"), Network(known: "fec0::/10"),
        Network(known: "ff00::/8"),
    ]

    private let allowed: [Network]

    /// - Parameter allowed: the ranges that the operator has allowed.
    package init(allowing allowed: [Network]) { self.allowed = allowed }

    /// Whether a delivery may go to the address.
    ///
    /// - Parameter own: this machine's own addresses, which are refused, too, whatever range they are in.
    package func allows(_ address: IPAddress, own: Set<IPAddress>) -> Bool {
        let target = address.embedded ?? address
        if self.allowed.contains(where: { $0.contains(target) || $0.contains(address) }) { return true }
        return !Self.refused.contains { $0.contains(target) } && !own.contains(target)
    }
}

/// Applies an `AddressGuard`, with this machine's own addresses, which it caches for a moment. Confined to the client's
/// thread.
final class AddressChecker {
    /// How long the machine's own addresses are cached. Network interfaces change, but rarely.
    private static let memory = Duration.seconds(5)

    private let addressGuard: AddressGuard
    private var own: Set<IPAddress> = []
    private var lookAgain = ContinuousClock.now

    init(_ addressGuard: AddressGuard) { self.addressGuard = addressGuard }

    func allows(_ address: IPAddress) -> Bool {
        let now = ContinuousClock.now
        if now >= self.lookAgain {
            // If the addresses cannot be read at the moment, the previous ones remain valid.
            self.own = Self.ownAddresses ?? self.own
            self.lookAgain = now + Self.memory
        }
        return self.addressGuard.allows(address, own: self.own)
    }

    private static var ownAddresses: Set<IPAddress>? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        // The list belongs to this call until it is freed, and no pointer into it is kept.
        defer { freeifaddrs(list) }
        var addresses: Set<IPAddress> = []
        var entry = list
        while let current = entry {
            if let socketAddress = current.pointee.ifa_addr, let address = IPAddress(socketAddress) {
                addresses.insert(address)
            }
            entry = current.pointee.ifa_next
        }
        return addresses
    }
}
