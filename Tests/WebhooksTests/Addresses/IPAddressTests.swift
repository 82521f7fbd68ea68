import Testing

@testable import Webhooks

struct IPAddressTests {
    @Test(
        arguments: [
            ("0.0.0.0", .v4, 0), ("127.0.0.1", .v4, 0x7f00_0001), ("255.255.255.255", .v4, 0xffff_ffff),
            ("1.2.3.4", .v4, 0x0102_0304), ("::", .v6, 0), ("::1", .v6, 1), ("1::", .v6, 1 << 112),
            ("0:0:0:0:0:0:0:1", .v6, 1), ("::ffff:1.2.3.4", .v6, 0xffff_0102_0304),
            ("FD00::Ab", .v6, 0xfd00 << 112 | 0xab),
            ("::1.2.3.4", .v6, 0x0102_0304),
            ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", .v6, UInt128.max),
        ] as [(String, IPAddress.Family, UInt128)]
    )
    func `an address is a number`(text: String, family: IPAddress.Family, bits: UInt128) {
        #expect(IPAddress(text) == IPAddress(family, bits))
    }

    /// Octal, hexadecimal and shorter forms above all: other readers take each of them for another address.
    @Test(arguments: [
        "", "0177.0.0.1", "01.2.3.4", "1.2.3.04", "00.0.0.0", "0x7f.0.0.1", "0x7f000001", "2130706433", "127.1",
        "127.0.1",
        "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "1.2.3.", ".1.2.3", "1..2.3", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4/32",
        "1.2.3.4:80",
        "١.2.3.4", "localhost", "[::1]", ":::", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "fe80::1%eth0",
        "::12345", "::g",
        "::1.2.3", "::01.2.3.4", "::1.2.3.4:5", "::1/128",
    ])
    func `anything else is no address`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    /// What the function of C does not see has not been judged.
    @Test(arguments: ["127.0.0.1\0", "8.8.8.8\0.example", "::1\0x"])
    func `a text with NUL in it is no address`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("::ffff:1.2.3.4", "1.2.3.4"), ("::ffff:0:0", "0.0.0.0"), ("::1.2.3.4", "1.2.3.4"), ("::2", "0.0.0.2"),
        ("::", nil),
        ("::1", nil), ("1.2.3.4", nil), ("::1:ffff:1.2.3.4", nil), ("::fffe:1.2.3.4", nil), ("1::ffff:1.2.3.4", nil),
        ("::1:0:0:0", nil), ("64:ff9b::1.2.3.4", nil),
    ])
    func `an address of IPv6 can stand for one of IPv4`(text: String, embedded: String?) throws {
        let address = try #require(IPAddress(text))
        #expect(address.embedded == embedded.flatMap { IPAddress($0) })
    }

    @Test func `the same number in two families is two addresses`() {
        #expect(IPAddress("1.2.3.4") != IPAddress("::1.2.3.4"))
    }
}
