import Messaging
import SeededGeneration
import Testing

struct JSONTextTests {
    private static func escaped(_ text: String) -> String {
        var output: [UInt8] = []
        JSONText.append(text.utf8, to: &output)
        return String(decoding: output, as: UTF8.self)
    }

    private static func unescaped(_ written: String) -> String { JSONText.unescaped(Array(written.utf8)[...]) }

    @Test(arguments: [
        ("", ""), ("plain / text", "plain / text"), ("\"", #"\""#), ("\\", #"\\"#), (#"\n"#, #"\\n"#),
        ("a\nb", #"a\nb"#),
        ("\r\n", #"\r\n"#), ("\t", #"\t"#), ("\0", #"\u0000"#), ("\u{08}\u{0C}", #"\u0008\u000c"#),
        ("\u{10}\u{1F}", #"\u0010\u001f"#), ("\u{7F}é中😀\u{2028}", "\u{7F}é中😀\u{2028}"),
    ])
    func `what cannot stand in a string is escaped, and nothing else`(text: String, escaped: String) {
        #expect(Self.escaped(text) == escaped)
    }

    @Test func `text is appended behind what is there, with quotes or without`() {
        var output = Array("[".utf8)
        JSONText.appendString("a\"b".utf8, to: &output)
        JSONText.append(",".utf8, to: &output)
        #expect(String(decoding: output, as: UTF8.self) == #"["a\"b","#)
    }

    @Test(arguments: [
        (#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{08}\u{0C}\n\r\t"),
        (#"\u0041\u00e9\u00E9"#, "Aéé"),
        (#"a\u0000b"#, "a\0b"),
        (#"\ud83d\ude00"#, "😀"),
        (#"\uD83D\uDE00!"#, "😀!"),
        (#"é\u0301😀\u4e2d"#, "é\u{301}😀中"),
        // Half of a surrogate pair is no character.
        (#"\ud83d"#, "\u{FFFD}"),
        (#"\ude00a"#, "\u{FFFD}a"),
        (#"\ud83d\ud83d\ude00"#, "\u{FFFD}😀"),
        (#"\ud83d\n"#, "\u{FFFD}\n"),
        // What the scanner would have refused.
        (#"a\"#, "a"),
        (#"\u00g0z"#, "\u{FFFD}z"),
    ])
    func `escapes are taken back`(written: String, text: String) {
        #expect(Self.unescaped(written) == text)
    }

    /// The documentation promises U+FFFD for them; the scanner lets none of them through.
    @Test(arguments: [#"\q"#, #"\u+041"#, #"\u41"#])
    func `an escape that is wrong stands for U+FFFD`(written: String) {
        #expect(Self.unescaped(written) == "\u{FFFD}")
    }

    @Test func `bytes that are not UTF-8 become U+FFFD`() {
        #expect(JSONText.unescaped([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
    }

    @Test(arguments: 1...100)
    func `any text comes back, and is JSON meanwhile`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...200, using: &random) {
            // Half of them where escapes are, the rest anywhere; surrogates are no scalars.
            let range: ClosedRange<UInt32> = Bool.random(using: &random) ? 0...0x80 : 0...0x10FFFF
            scalars.append(Unicode.Scalar(UInt32.random(in: range, using: &random)) ?? "\u{FFFD}")
        }
        let text = String(scalars)
        var output: [UInt8] = []
        JSONText.appendString(text.utf8, to: &output)
        try JSONScanner.check(output[...])
        let back = JSONText.unescaped(output.dropFirst().dropLast())
        #expect(back.utf8.elementsEqual(text.utf8))
    }

    @Test(arguments: 1...100)
    func `any text comes back from escapes alone`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        var scalars = String.UnicodeScalarView()
        for _ in 0..<50 { scalars.append(Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &random)) ?? "a") }
        let written = String(scalars).utf16.map { unit in
            let digits = String(unit, radix: 16)
            return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
        #expect(Self.unescaped(written.joined()).utf8.elementsEqual(String(scalars).utf8))
    }
}
