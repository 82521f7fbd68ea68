import Messaging
import Testing

@Suite struct RoutingPatternTests {
    @Test(
        arguments: [
            ("order.placed", "order.placed", true), ("order.placed", "order", false), ("order.*", "order.placed", true),
            ("order.*", "order", false), ("order.*", "order.placed.late", false), ("order.#", "order", true),
            ("order.#", "order.placed.late", true), ("#", "", true), ("#", "a.b.c", true), ("*", "", false),
            ("#.placed", "placed", true), ("#.placed", "a.b.placed", true), ("#.placed", "a.placed.b", false),
            ("a.#.b.#.c", "a.b.c", true), ("a.#.b.#.c", "a.x.b.b.y.c", true), ("a.#.b.#.c", "a.c.b", false),
            ("*.#.*", "a", false), ("*.#.*", "a.b", true), ("order.*.done", "order..done", true),
            ("caf\u{e9}", "cafe\u{301}", false),
        ]
    )
    func `a pattern matches the keys that the broker would route`(pattern: String, key: String, isMatch: Bool) throws {
        #expect(try RoutingPattern(pattern).matches(key) == isMatch)
    }

    @Test func `a pattern of many wildcards is decided at once`() throws {
        let pattern = try RoutingPattern(Array(repeating: "#.a", count: 40).joined(separator: ".") + ".b")
        #expect(!pattern.matches(Array(repeating: "a", count: 120).joined(separator: ".")))
    }

    @Test func `texts that can be no pattern are refused with the reason`() {
        #expect(throws: RoutingPattern.Problem.empty) { try RoutingPattern("") }
        #expect(throws: RoutingPattern.Problem.emptyWord(position: 2)) { try RoutingPattern("a..b") }
        #expect(throws: RoutingPattern.Problem.emptyWord(position: 1)) { try RoutingPattern(".a") }
        #expect(throws: RoutingPattern.Problem.wildcardInsideWord("b*")) { try RoutingPattern("a.b*") }
        #expect(throws: RoutingPattern.Problem.tooLong(bytes: 256)) {
            try RoutingPattern(String(repeating: "a", count: 256))
        }
    }
}
