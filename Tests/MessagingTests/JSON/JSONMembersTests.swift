import Messaging
import Testing

struct JSONMembersTests {
    private func members(_ text: String, atMost most: Int = 10) throws -> [String] {
        let bytes = Array(text.utf8)[...]
        var members: [String] = []
        try JSONScanner.visitMembers(of: bytes) { name, value in
            members.append("\(JSONText.unescaped(name))=\(String(decoding: bytes[value], as: UTF8.self))")
            return members.count < most
        }
        return members
    }

    @Test func `members are told in their order, with their values as they are written`() throws {
        #expect(
            try self.members(#" { "b" : 1.50 , "a":{"c":[1, 2]}, "\u0062":"x" , "":null } "#) == [
                "b=1.50", #"a={"c":[1, 2]}"#, #"b="x""#, "=null",
            ]
        )
    }

    @Test(arguments: ["{}", " { } "])
    func `an empty object has none`(text: String) throws {
        #expect(try self.members(text) == [])
    }

    @Test func `nothing is looked at behind what was looked for`() throws {
        #expect(try self.members(#"{"a":1,"b":2,"c" and no JSON"#, atMost: 2) == ["a=1", "b=2"])
    }

    @Test func `a byte order mark in front is passed over`() throws {
        #expect(try self.members("\u{FEFF}{\"a\":1}") == ["a=1"])
    }

    @Test(arguments: [
        "", "[1]", "1", #""text""#, "null", "{", #"{"a"}"#, #"{"a":1"#, #"{"a":1,}"#, #"{"a":1}}"#, #"{"a":1} x"#,
        "{a:1}",
        #"{"a":tru}"#,
    ])
    func `what is no object is malformed`(text: String) {
        #expect(throws: JSONScanner.Malformed.self) { try self.members(text) }
    }
}
