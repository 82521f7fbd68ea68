import FoundationEssentials
import Messaging
import Testing

struct PrintableTextTests {
    @Test(arguments: [
        ("plain text, é, 日本, 👩‍👩‍👧", "plain text, é, 日本, 👩‍👩‍👧"), ("", ""), ("a\nb\r\n\tc", "a\\nb\\r\\n\\tc"),
        ("\u{0}\u{1b}[2J\u{7f}", "\\u{0}\\u{1b}[2J\\u{7f}"),
        ("\u{80}\u{9b}31m\u{9f}\u{a0}", "\\u{80}\\u{9b}31m\\u{9f}\u{a0}"),
        ("\u{202a}\u{202e}\u{2066}\u{2069}", "\\u{202a}\\u{202e}\\u{2066}\\u{2069}"),
        ("\u{200e}\u{200f}\u{61c}", "\\u{200e}\\u{200f}\\u{61c}"), ("\u{2028}\u{2029}", "\\u{2028}\\u{2029}"),
    ])
    func `a line has nothing that a terminal obeys`(text: String, printed: String) {
        #expect(PrintableText.line(text) == printed)
    }

    @Test(arguments: [
        ("e-1", "e-1"), ("a/b:c", "a/b:c"), ("back\\slash", "back\\slash"), ("", "\"\""), ("a b", "\"a b\""),
        ("a=b", "\"a=b\""), ("say \"hi\" \\", "\"say \\\"hi\\\" \\\\\""), ("a\nb", "\"a\\nb\""),
        ("a\u{a0}b", "\"a\u{a0}b\""), ("x\u{3000}y", "\"x\u{3000}y\""), ("\u{9b}x", "\"\\u{9b}x\""),
        ("x\" event=forged", "\"x\\\" event=forged\""),
    ])
    func `a word cannot be taken for several`(text: String, printed: String) {
        #expect(PrintableText.word(text) == printed)
    }

    @Test func `the lines of a block are indented`() {
        #expect(PrintableText.block("{\n\t\"a\": 1\r\n}\u{1b}", indent: "  ") == "{\n  \t\"a\": 1\\r\n  }\\u{1b}")
    }

    @Test func `JSON stays the same JSON`() throws {
        let text = "a\u{85}\u{202e}\u{7f}\u{2028}é\u{61c}"
        let written = String(decoding: try JSONEncoder().encode([text]), as: UTF8.self)
        let printed = PrintableText.json(written)
        #expect(printed == #"["a\u0085\u202e\u007f\u2028é\u061c"]"#)
        #expect(try JSONDecoder().decode([String].self, from: Data(printed.utf8)) == [text])
        #expect(PrintableText.json("{\n}") == "{\n}")
    }
}
