import Testing

@testable import Webhooks

/// Which addresses deliveries may go to.
struct AddressGuardTests {
    /// A range that is refused, by its first and last address, and the addresses just outside that are not.
    struct Range: Sendable, CustomTestStringConvertible {
        let first: String
        let last: String
        var outside: [String] = []
        var testDescription: String { "\(self.first) to \(self.last)" }
    }

    private static let v4 = [
        Range(first: "0.0.0.0", last: "0.255.255.255", outside: ["1.0.0.0"]),
        Range(first: "10.0.0.0", last: "10.255.255.255", outside: ["9.255.255.255", "11.0.0.0"]),
        Range(first: "100.64.0.0", last: "100.127.255.255", outside: ["100.63.255.255", "100.128.0.0"]),
        Range(first: "127.0.0.0", last: "127.255.255.255", outside: ["126.255.255.255", "128.0.0.0"]),
        Range(first: "169.254.0.0", last: "169.254.255.255", outside: ["169.253.255.255", "169.255.0.0"]),
        Range(first: "172.16.0.0", last: "172.31.255.255", outside: ["172.15.255.255", "172.32.0.0"]),
        Range(first: "192.168.0.0", last: "192.168.255.255", outside: ["192.167.255.255", "192.169.0.0"]),
        Range(first: "192.0.0.0", last: "192.0.0.255", outside: ["191.255.255.255", "192.0.1.0"]),
        Range(first: "192.0.2.0", last: "192.0.2.255", outside: ["192.0.1.255", "192.0.3.0"]),
        Range(first: "192.88.99.0", last: "192.88.99.255", outside: ["192.88.98.255", "192.88.100.0"]),
        Range(first: "198.18.0.0", last: "198.19.255.255", outside: ["198.17.255.255", "198.20.0.0"]),
        Range(first: "198.51.100.0", last: "198.51.100.255", outside: ["198.51.99.255", "198.51.101.0"]),
        Range(first: "203.0.113.0", last: "203.0.113.255", outside: ["203.0.112.255", "203.0.114.0"]),
        Range(first: "224.0.0.0", last: "239.255.255.255", outside: ["223.255.255.255"]),
        Range(first: "240.0.0.0", last: "255.255.255.255"),
    ]

    private static let v6 = [
        Range(first: "::", last: "::"),
        Range(first: "::1", last: "::1"),
        Range(
            first: "64:ff9b::",
            last: "64:ff9b::ffff:ffff",
            outside: ["64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "64:ff9b::1:0:0"]
        ),
        Range(
            first: "64:ff9b:1::",
            last: "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
            outside: ["64:ff9b:0:ffff:ffff:ffff:ffff:ffff", "64:ff9b:2::"]
        ),
        Range(first: "100::", last: "100::ffff:ffff:ffff:ffff", outside: ["ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]),
        Range(first: "100:0:0:1::", last: "100::1:ffff:ffff:ffff:ffff", outside: ["100:0:0:2::"]),
        Range(
            first: "::ffff:0:0:0",
            last: "::ffff:0:ffff:ffff",
            outside: ["::fffe:ffff:ffff:ffff", "::ffff:1:0:0"]
        ),
        Range(
            first: "2001:2::",
            last: "2001:2:0:ffff:ffff:ffff:ffff:ffff",
            outside: ["2001:1:ffff:ffff:ffff:ffff:ffff:ffff", "2001:2:1::"]
        ),
        Range(
            first: "2001:10::",
            last: "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff",
            outside: ["2001:f:ffff:ffff:ffff:ffff:ffff:ffff", "2001:20::"]
        ),
        Range(
            first: "2001::",
            last: "2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
            outside: ["2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:1::"]
        ),
        Range(
            first: "2001:db8::",
            last: "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            outside: ["2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"]
        ),
        Range(
            first: "2002::",
            last: "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            outside: ["2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::"]
        ),
        Range(
            first: "3fff::",
            last: "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
            outside: ["3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::"]
        ),
        Range(
            first: "5f00::",
            last: "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            outside: ["5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "5f01::"]
        ),
        Range(
            first: "fc00::",
            last: "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            outside: ["fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fe00::"]
        ),
        Range(
            first: "fe80::",
            last: "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            outside: ["fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
        ),
        Range(first: "fec0::", last: "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        Range(first: "ff00::", last: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ]

    private func allows(_ text: String, _ allowed: [String] = [], own: [String] = []) throws -> Bool {
        let own = try own.map { try #require(IPAddress($0)) }
        return AddressGuard(allowing: try allowed.map { try Network($0) })
            .allows(try #require(IPAddress(text)), own: Set(own))
    }

    /// Packets to an IPv6 address that stands for an IPv4 one go to that, so it is judged.
    @Test(arguments: v4, ["", "::ffff:", "::"])
    func `a range is refused from its first address to its last, in every form`(range: Range, form: String) throws {
        #expect(try !self.allows(form + range.first))
        #expect(try !self.allows(form + range.last))
        for address in range.outside { #expect(try self.allows(form + address), "\(form)\(address)") }
    }

    @Test(arguments: v6)
    func `a range of IPv6 is refused from its first address to its last`(range: Range) throws {
        #expect(try !self.allows(range.first))
        #expect(try !self.allows(range.last))
        for address in range.outside { #expect(try self.allows(address), "\(address)") }
    }

    @Test(arguments: [
        "169.254.169.254", "::ffff:169.254.169.254", "::a9fe:a9fe", "fd00:ec2::254", "100.100.100.200", "::ffff:7f00:1",
        "0:0:0:0:0:ffff:127.0.0.1", "::2", "64:ff9b::10.0.0.1", "2002:7f00:1::",
    ])
    func `what leads to this host, its network or a cloud's metadata is refused`(address: String) throws {
        #expect(try !self.allows(address))
    }

    @Test(arguments: [
        "8.8.8.8", "1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "2a00:1450::", "::ffff:8.8.8.8", "::8.8.8.8",
    ])
    func `the public Internet is not refused`(address: String) throws {
        #expect(try self.allows(address))
    }

    @Test func `an address of this machine is refused, wherever it is`() throws {
        let own = ["93.184.215.14", "2606:4700::1"]
        for address in own + ["::ffff:93.184.215.14", "::93.184.215.14"] {
            #expect(try !self.allows(address, own: own))
        }
        #expect(try self.allows("93.184.215.15", own: own))
        #expect(try self.allows("2606:4700::2", own: own))
    }

    @Test func `the operator opens a range, in every form of its addresses, and no other`() throws {
        for address in ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3", "::10.1.2.3"] {
            #expect(try self.allows(address, ["10.0.0.0/8"]))
        }
        for address in ["9.255.255.255", "11.0.0.0"] { #expect(try self.allows(address, ["10.0.0.0/8"])) }
        for address in ["192.168.0.1", "::ffff:192.168.0.1", "127.0.0.1", "::1", "fd00::1", "64:ff9b::10.1.2.3"] {
            #expect(try !self.allows(address, ["10.0.0.0/8"]))
        }
    }

    @Test func `the operator opens addresses of this machine too`() throws {
        let own = ["10.0.0.1", "93.184.215.14", "::1"]
        #expect(try self.allows("10.0.0.1", ["10.0.0.1"], own: own))
        #expect(try self.allows("93.184.215.14", ["93.184.215.0/24"], own: own))
        #expect(try self.allows("::1", ["fd00::/8", "::1"], own: own))
        #expect(try !self.allows("10.0.0.1", ["10.0.0.2"], own: own))
    }

    @Test func `a range of mapped addresses opens just these`() throws {
        #expect(try self.allows("::ffff:10.1.2.3", ["::ffff:0:0/96"]))
        #expect(try !self.allows("10.1.2.3", ["::ffff:0:0/96"]))
    }
}
