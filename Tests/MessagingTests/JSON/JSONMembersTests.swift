import Messaging
import Testing

struct JSONMembersTests {
    private func members(_ text: String) throws -> [String] {
        let bytes = Array(text.utf8)[...]
        try JSONScanner.check(bytes)
        return try JSONScanner.members(of: bytes, atMost: 10).map {
            "\($0.name)=\(String(decoding: bytes[$0.value], as: UTF8.self))"
        }
    }

    @Test func `members are told in their order, with their values as they are written`() throws {
        #expect(
            try self.members(#" { "b" : 1.50 , "a":{"c":[1, 2]}, "\u0062":"x" , "":null } "#) == [
                "b=1.50", #"a={"c":[1, 2]}"#, #"b="x""#, "=null",
            ]
        )
    }

    @Test(arguments: ["{}", " { } ", "[1]", "1", #""text""#, "null"])
    func `what is no object, or an empty one, has none`(text: String) throws {
        #expect(try self.members(text) == [])
    }
}
