import Testing

@testable import Webhooks

struct NetworkTests {
    @Test(arguments: [
        ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0", "::ffff:10.0.0.1"]),
        ("10.0.0.0/31", ["10.0.0.0", "10.0.0.1"], ["10.0.0.2", "9.255.255.255"]),
        ("10.0.0.7/32", ["10.0.0.7"], ["10.0.0.6", "10.0.0.8"]),
        ("10.0.0.7", ["10.0.0.7"], ["10.0.0.6", "10.0.0.8", "::a00:7"]),
        ("0.0.0.0/0", ["0.0.0.0", "255.255.255.255"], ["::", "::ffff:0.0.0.0"]),
        ("128.0.0.0/1", ["128.0.0.0", "255.255.255.255"], ["127.255.255.255"]),
        ("fd00::/8", ["fd00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], ["fc00::", "fe00::"]),
        ("2001:db8::/127", ["2001:db8::", "2001:db8::1"], ["2001:db8::2"]),
        ("::1", ["::1"], ["::", "::2"]),
        ("::/0", ["::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:1.2.3.4"], ["0.0.0.0", "1.2.3.4"]),
    ])
    func `a network holds its own addresses and no others`(text: String, inside: [String], outside: [String]) throws {
        let network = try Network(text)
        for address in inside { #expect(network.contains(try #require(IPAddress(address))), "\(address)") }
        for address in outside { #expect(!network.contains(try #require(IPAddress(address))), "\(address)") }
    }

    @Test(arguments: [
        "", "/", "/8", "example.com", "example.com/8", "10.0.0/8", "10/8", "010.0.0.0/8", "0x0a.0.0.0/8", "167772160/8",
        " 10.0.0.0/8", "10.0.0.0 /8", "[fd00::]/8", "fd00::%eth0/8", "fd00:::/8", "*",
    ])
    func `what is no address is no network`(text: String) {
        let problem = #expect(throws: Network.Problem.self) { try Network(text) }
        #expect(problem?.description == "'\(text)' is not a network: write it as 10.0.0.0/8 or fd00::/8")
    }

    @Test(arguments: [
        ("10.0.0.0/", 32), ("10.0.0.0/33", 32), ("10.0.0.0/-1", 32), ("10.0.0.0/8/8", 32), ("10.0.0.0/a", 32),
        ("10.0.0.0/8 ", 32), ("10.0.0.0/ 8", 32), ("10.0.0.0/8.0", 32), ("10.0.0.0/255.0.0.0", 32),
        ("10.0.0.0/99999999999999999999", 32), ("fd00::/129", 128), ("fd00::/", 128), ("::/-0x1", 128),
    ])
    func `a length that there is not is refused`(text: String, longest: Int) {
        let problem = #expect(throws: Network.Problem.self) { try Network(text) }
        #expect(
            problem?.description == "'\(text)': the length after the slash must be a number from 0 to \(longest)"
        )
    }

    /// A range that begins elsewhere than it says would open more than somebody may have meant.
    @Test(arguments: ["10.0.0.1/8", "10.128.0.0/8", "0.0.0.1/0", "fd00::1/8", "::1/0", "192.168.1.1/31"])
    func `bits behind the length are refused`(text: String) {
        let problem = #expect(throws: Network.Problem.self) { try Network(text) }
        #expect(problem?.description.contains("write the first address") == true)
    }
}
