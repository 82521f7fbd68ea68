import Glibc

/// An IPv4 or IPv6 address as a number.
package struct IPAddress: Sendable, Hashable {
    package enum Family: Sendable, Hashable {
        case v4
        case v6

        /// The number of bits of an address.
        var width: Int {
            switch self {
            case .v4: 32
            case .v6: 128
            }
        }
    }

    package let family: Family
    /// The address as a number; an IPv4 address occupies the lowest 32 bits.
    package let bits: UInt128

    package init(_ family: Family, _ bits: UInt128) {
        self.family = family
        self.bits = bits
    }

    /// Parses an address in its usual notation: four decimal numbers, or RFC 4291, section 2.2. Anything else is
    /// refused, above all octal numbers.
    package init?(_ text: String) {
        // C would stop at the NUL and ignore the rest of the text.
        guard !text.utf8.contains(0) else { return nil }
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, text, &v4) == 1 {
            self.init(v4)
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            self.init(v6)
        } else {
            return nil
        }
    }

    /// `nil` if the address belongs to neither family.
    ///
    /// The pointer is read only as far as the size of its address family allows, and is not kept.
    init?(_ address: UnsafePointer<sockaddr>) {
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            self.init(UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in.self).sin_addr)
        case AF_INET6:
            self.init(UnsafeRawPointer(address).loadUnaligned(as: sockaddr_in6.self).sin6_addr)
        default:
            return nil
        }
    }

    private init(_ address: in_addr) { self.init(.v4, UInt128(UInt32(bigEndian: address.s_addr))) }

    private init(_ address: in6_addr) {
        let bits = withUnsafeBytes(of: address) { $0.reduce(UInt128(0)) { $0 << 8 | UInt128($1) } }
        self.init(.v6, bits)
    }

    /// The IPv4 address to which packets for this IPv6 address are sent: `::ffff:a.b.c.d`, and the obsolete
    /// `::a.b.c.d`. Source: RFC 4291, section 2.5.5.
    var embedded: IPAddress? {
        guard self.family == .v6 else { return nil }
        let prefix = self.bits >> 32
        guard prefix == 0xffff || prefix == 0 && self.bits > 1 else { return nil }
        return IPAddress(.v4, self.bits & 0xffff_ffff)
    }

    /// The address as URLs write it: an IPv6 address in brackets, without abbreviation.
    var urlText: String {
        switch self.family {
        case .v4: [24, 16, 8, 0].map { "\(self.bits >> $0 & 0xff)" }.joined(separator: ".")
        case .v6:
            "["
                + stride(from: 112, through: 0, by: -16).map { String(self.bits >> $0 & 0xffff, radix: 16) }
                .joined(separator: ":") + "]"
        }
    }
}
