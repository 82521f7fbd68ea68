import Testing

@testable import Messaging

/// The grammar of RFC 8259, and nothing more.
struct JSONScannerTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "7", "-12", "10", "0.5", "-0.05", "1e5", "1E5", "1e+5", "1E-05", "0e0",
        "1.25e-10", "123456789012345678901234567890", "1e999999", #""""#, #""a""#, #""\"\\\/\b\f\n\r\t""#,
        #""\u0000\uAbCd""#, #""\ud83d\ude00""#, #""\ud800""#, "\"\u{7F}é😀\u{2028}\"", "[]", "{}", "[ ]", "{ }", "[1]",
        "[[],{}]", #"[1, "a", null]"#, #"{"":0}"#, #"{"a":1,"a":2}"#, "\t\r\n [1\n,\t2\r] \n",
        "{ \"a\" : [ { } , 1 ] \t, \"b\" :\n\"\" }",
    ])
    func `what is JSON is accepted`(text: String) throws {
        try JSONScanner.check(Array(text.utf8)[...])
    }

    /// Each with the number of bytes that are right.
    @Test(arguments: [
        ("", 0), (" ", 1), ("\n\n", 2), ("{", 1), ("[", 1), ("}", 0), ("]", 0), (",", 0), (":", 0), ("[1", 2),
        ("[1,", 3), ("[1,]", 3), ("[,1]", 1), ("[1 2]", 3), ("[1}", 2), ("{]", 1), (#"{"a"}"#, 4), (#"{"a":}"#, 5),
        (#"{"a":1"#, 6), (#"{"a":1,}"#, 7), ("{,}", 1), ("{a:1}", 1), ("{1:1}", 1), (#"{"a" 1}"#, 5),
        (#"{"a":1 "b":2}"#, 7), ("01", 1), ("-01", 2), ("00", 1), ("-", 1), ("--1", 1), ("- 1", 1), ("+1", 0),
        ("1.", 2), ("1.e1", 2), (".5", 0), ("1e", 2), ("1e+", 3), ("1e+-1", 3), ("1e1.5", 3), ("0x10", 1), ("1_000", 1),
        ("1,5", 1), ("NaN", 0), ("Infinity", 0), ("nul", 3), ("truE", 3), ("nulll", 4), ("True", 0), ("undefined", 0),
        ("'a'", 0), ("// 1", 0), (#"""#, 1), (#""a"#, 2), (#""\"#, 2), (#""\""#, 3), (#""\x""#, 2), (#""\u12g4""#, 5),
        (#""\u12"#, 5), (#""\u+123""#, 3), (#""\U0041""#, 2), ("1 1", 2), ("{} []", 3), ("[] ,", 3), ("\"a\"b", 3),
        ("\u{FEFF}1", 0), ("1\0", 1), ("\u{0B}1", 0), ("\u{A0}1", 0), ("[1,\u{0C}2]", 3),
    ])
    func `what is not JSON is refused at its place`(text: String, offset: Int) {
        let malformed = JSONScanner.Malformed(kind: .grammar, offset: offset)
        #expect(throws: malformed) { try JSONScanner.check(Array(text.utf8)[...]) }
    }

    @Test(arguments: 0..<0x20)
    func `a control character has to be escaped in a string`(code: Int) throws {
        let bytes = [UInt8(ascii: "\""), UInt8(ascii: "a"), try #require(UInt8(exactly: code)), UInt8(ascii: "\"")]
        #expect(throws: JSONScanner.Malformed(kind: .grammar, offset: 2)) { try JSONScanner.check(bytes[...]) }
    }

    /// A hostile payload must not exhaust the stack, however long it is.
    @Test(arguments: [("[", "]"), (#"{"a":"#, "}")])
    func `the depth of nesting is limited`(open: String, close: String) throws {
        func nested(_ depth: Int) -> ArraySlice<UInt8> {
            let (opening, closing) = (String(repeating: open, count: depth), String(repeating: close, count: depth))
            return Array("\(opening)0\(closing)".utf8)[...]
        }
        try JSONScanner.check(nested(256))
        let tooDeep = JSONScanner.Malformed(kind: .depth, offset: 256 * open.utf8.count)
        #expect(throws: tooDeep) { try JSONScanner.check(nested(257)) }
        let million = Array(String(repeating: open, count: 1_000_000).utf8)[...]
        #expect(throws: tooDeep) { try JSONScanner.check(million) }
    }

    @Test func `depth is counted over both kinds of nesting, and siblings do not add up`() throws {
        let pairs = String(repeating: #"[{"a":"#, count: 128) + "[]" + String(repeating: "}]", count: 128)
        let tooDeep = JSONScanner.Malformed(kind: .depth, offset: 128 * 6)
        #expect(throws: tooDeep) { try JSONScanner.check(Array(pairs.utf8)[...]) }
        let siblings = "[" + Array(repeating: "[[]]", count: 1000).joined(separator: ",") + "]"
        try JSONScanner.check(Array(siblings.utf8)[...])
    }

    @Test func `a slice is looked at by itself, and offsets are counted from its start`() throws {
        let bytes = Array("[[7]x".utf8)
        try JSONScanner.check(bytes[1..<4])
        #expect(throws: JSONScanner.Malformed(kind: .grammar, offset: 3)) { try JSONScanner.check(bytes[1...]) }
        #expect(throws: JSONScanner.Malformed(kind: .grammar, offset: 2)) { try JSONScanner.check(bytes[1..<3]) }
        #expect(try JSONScanner.find([.element(0)], in: bytes[1..<4]) == 2..<3)
    }
}
