import Messaging
import Testing

/// Where a value stands.
struct JSONFindTests {
    private func find(_ path: [JSONScanner.Step], in text: String) throws -> String? {
        let bytes = Array(text.utf8)[...]
        return try JSONScanner.find(path, in: bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    @Test(
        arguments: [
            (#"{"a":1}"#, [.member("a")], "1"),
            (#" { "a" : "x" } "#, [], #"{ "a" : "x" }"#),
            (" 12 ", [], "12"),
            (#"{"ab":1,"b":2,"a":3}"#, [.member("a")], "3"),
            (#"{"a":{"a":1},"b":{"a":2}}"#, [.member("b"), .member("a")], "2"),
            (#"{"a":[10, {"c": -1.50e+03 } ]}"#, [.member("a"), .element(1), .member("c")], "-1.50e+03"),
            ("[0,[1,[2,\"]\"]],3]", [.element(1), .element(1), .element(1)], #""]""#),
            ("[ [] , {} , null ]", [.element(2)], "null"),
            ("[true,false]", [.element(1)], "false"),
            (#"{"":0}"#, [.member("")], "0"),
            (#"{"0":"no list"}"#, [.member("0")], #""no list""#),
            // A name is what its escapes stand for.
            (#"{"\u0061":1}"#, [.member("a")], "1"),
            (#"{"a\/b":1}"#, [.member("a/b")], "1"),
            (#"{"\"\\":1}"#, [.member("\"\\")], "1"),
            (#"{"\ud83d\ude00":1}"#, [.member("😀")], "1"),
            (#"{"😀":1}"#, [.member("😀")], "1"),
            // Of members with the same name the first counts, however it is written.
            (#"{"a":1,"a":2}"#, [.member("a")], "1"),
            (#"{"\u0061":1,"a":2}"#, [.member("a")], "1"),
        ] as [(String, [JSONScanner.Step], String)]
    )
    func `a value is found with its own bytes`(text: String, path: [JSONScanner.Step], value: String) throws {
        #expect(try self.find(path, in: text) == value)
    }

    @Test(
        arguments: [
            (#"{"a":1}"#, [.member("b")]),
            (#"{"a":1}"#, [.member("A")]),
            (#"{"aa":1}"#, [.member("a")]),
            (#"{"a":1}"#, [.member("aa")]),
            (#"{"a":1}"#, [.member("a"), .member("b")]),
            (#"{"a":"b"}"#, [.member("a"), .member("b")]),
            (#"{"a":{"b":1}}"#, [.member("b")]),
            (#"["a"]"#, [.member("a")]),
            (#"{"0":1}"#, [.element(0)]),
            ("{}", [.member("a")]),
            ("{ }", [.member("")]),
            ("[]", [.element(0)]),
            ("[ ]", [.element(0)]),
            ("[1]", [.element(1)]),
            ("[1]", [.element(Int.max)]),
            ("1", [.element(0)]),
            // Names are compared as their bytes: two spellings of a letter are two names.
            ("{\"e\u{301}\":1}", [.member("\u{E9}")]),
        ] as [(String, [JSONScanner.Step])]
    )
    func `what is not there is not found`(text: String, path: [JSONScanner.Step]) throws {
        #expect(try self.find(path, in: text) == nil)
    }

    @Test func `a path may be as deep as JSON may be`() throws {
        let text = String(repeating: "[", count: 256) + "7" + String(repeating: "]", count: 256)
        #expect(try self.find(Array(repeating: .element(0), count: 256), in: text) == "7")
    }
}
