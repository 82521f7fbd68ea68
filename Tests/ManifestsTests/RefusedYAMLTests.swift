import Manifests
import Testing

/// The parts of YAML that manifests do without.
@Suite struct RefusedYAMLTests {
    @Test(arguments: [
        ("retry: &defaults\n  maxAttempts: 3", ["6:8: error: anchors are refused"]),
        ("retry: &defaults # why?\n  # a *comment* & more!\n  maxAttempts: 3", ["6:8: error: anchors are refused"]),
        ("retry: &d {maxAttempts: 3}", ["6:8: error: anchors are refused"]),
        ("retry: !!map\n  maxAttempts: 3", ["6:8: error: tags are refused"]),
        (
            "retry: &d !!map\n  maxAttempts: 0",
            ["6:11: error: tags", "6:8: error: anchors", "7:16: error: 'maxAttempts' must be"]
        ),
        ("concurrency: &n 3", ["6:14: error: anchors are refused"]),
        ("concurrency: !!int 3", ["6:14: error: tags are refused"]),
        ("concurrency: ! 3", ["6:14: error: tags are refused"]),
        ("queue: !<tag:yaml.org,2002:str> a", ["6:8: error: tags are refused"]),
        ("queue: !secret |\n  text", ["6:8: error: tags are refused"]),
        ("&k workers: 3", ["6:1: error: anchors are refused"]),
        ("retry: *nowhere", ["6:8: error: aliases are refused"]),
        ("<<: *nowhere", ["6:1: error: merge keys are refused", "6:5: error: aliases are refused"]),
        ("\"<<\": 1", ["6:1: error: unknown key '<<'"]),
        ("workers: 2\nworkers: 3", ["7:1: error: the key 'workers' is written more than once, first on line 6"]),
        ("workers: 0\n\"workers\": 3", ["7:1: error: the key 'workers' is", "6:10: error: 'workers' must be"]),
        (
            "env: {A: 1, A: 2, 'A': 3, B: 1, B: 2}",
            ["6:13: error: the key 'A'", "6:19: error: the key 'A'", "6:33: error: the key 'B'"]
        ),
        ("env: {1: a, \"1\": b}", ["6:13: error: the key '1'"]),
        ("[a]: 3", ["6:1: error: a key must be a text"]),
        ("a: b: c", ["6:5: error: mapping values are not allowed"]),
        ("queue: @a", ["6:8: error: found character that cannot start any token"]),
        ("queue: 'a", ["error: found unexpected end of stream"]),
        ("retry:\n\tmaxAttempts: 3", ["7:1: error: found character that cannot start any token"]),
        ("retry: {", ["error: "]),
        ("env: {? a : b}", ["6:7: error: complex keys are refused"]),
        ("queue: \u{7}", ["6:8: error: the character U+0007 is not allowed"]),
        ("queue: \u{10FF01}", ["6:8: error: the character U+10FF01 is not allowed"]),
    ])
    func `what manifests do without is reported at its place`(_ lines: String, _ expected: [String]) {
        let text = ManifestText.function(adding: lines)
        let problems = ManifestText.problems(text)
        #expect(ManifestText.functions(text) == [])
        for message in expected {
            #expect(problems.contains { $0.contains(message) }, "\(problems)")
        }
    }

    @Test(arguments: ["%YAML 1.2\n---\n", "%TAG ! tag:example.com,2000:\n---\n", "# first\n%FOO\n---\n"])
    func `directives are refused`(_ head: String) {
        let problems = ManifestLoader.parse(text: head + ManifestText.function(), file: "f.yaml").problems
        #expect(problems.map(\.what) == ["directives are refused"])
    }

    @Test func `special characters inside of texts are left alone`() throws {
        let lines = """
            env:
              PLAIN: a & b * c ! d ? e
              QUESTION: ?really
              SINGLE: '&a *b !c ? d'
              DOUBLE: "&a *b !c ? d"
              BLOCK: |
                &a *b
                !c ? d
                key: &not-an-anchor
            """
        let env = try #require(ManifestText.functions(ManifestText.function(adding: lines)).first).env
        #expect(env["PLAIN"] == .literal("a & b * c ! d ? e"))
        #expect(env["QUESTION"] == .literal("?really"))
        #expect(env["SINGLE"] == .literal("&a *b !c ? d"))
        #expect(env["DOUBLE"] == .literal("&a *b !c ? d"))
        #expect(env["BLOCK"] == .literal("&a *b\n!c ? d\nkey: &not-an-anchor\n"))
    }

    @Test func `a bomb of aliases is refused and never expanded`() {
        var lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
        for level in 1...40 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            lines.append("a\(level): &a\(level) [\(aliases)]")
        }
        lines.append("? *a40\n: bomb")
        // Expanded, it would have more values than there is memory for.
        #expect(!ManifestText.problems(lines.joined(separator: "\n")).isEmpty)
    }

    @Test(arguments: [
        ("[", "]", 62, true), ("[", "]", 64, false), ("[", "]", 900, false), ("[", "]", 100_000, false),
        ("{a: ", "}", 62, true), ("{a: ", "}", 64, false), ("{a: ", "}", 50_000, false),
    ])
    func `nesting ends at 64 levels`(_ opening: String, _ closing: String, _ count: Int, _ isShallow: Bool) {
        let nested = String(repeating: opening, count: count) + String(repeating: closing, count: count)
        let problems = ManifestText.problems("env:\n  X: \(nested)\n")
        #expect(!problems.isEmpty)
        #expect(problems.contains { $0.contains("64 levels") } == !isShallow)
    }

    @Test(arguments: [
        "- ", "? ", "{", "[[a],", "a: &x ", "!", "&", "*a ", "&a ", "\"", "a: 1\n", "- - - - ", "- &a [b]\n",
    ])
    func `long nonsense ends in problems`(_ piece: String) {
        // Whatever costs the square of the length takes hours at this one: the test run is ended before.
        let text = "a: 1\n" + String(repeating: piece, count: 300_000 / piece.utf8.count) + "\n: :"
        #expect(!ManifestLoader.parse(text: text, file: "f.yaml").problems.isEmpty)
    }

    @Test func `many unknown keys are all reported`() {
        let keys = (0..<5000).map { "key\($0): 1" }.joined(separator: "\n")
        #expect(ManifestText.problems(ManifestText.function(adding: keys)).count == 5000)
    }
}
