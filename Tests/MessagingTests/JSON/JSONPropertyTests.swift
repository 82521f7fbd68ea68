import Messaging
import SeededGeneration
import Testing

/// What holds for any JSON.
struct JSONPropertyTests {
    @Test(arguments: 1...60)
    func `any JSON is accepted, and each of its values is found with exactly its bytes`(seed: Int) throws {
        let json = RandomJSON(seed: UInt64(seed))
        try JSONScanner.check(json.bytes[...])
        for value in json.values {
            #expect(try JSONScanner.find(value.path, in: json.bytes[...]) == value.range, "\(value.path)")
            try JSONScanner.check(json.bytes[value.range])
        }
        #expect(json.values.count > 1)
    }

    @Test(arguments: 1...60)
    func `nothing that lacks its end is accepted`(seed: Int) {
        let json = RandomJSON(seed: UInt64(seed))
        // The whole value is an object or a list; space may stand around it.
        for end in 0..<json.values[0].range.upperBound {
            #expect(throws: JSONScanner.Malformed.self) { try JSONScanner.check(json.bytes[..<end]) }
        }
    }

    /// Whatever comes, the scanner ends, stays within the bytes, and says where it has stopped.
    @Test(arguments: 1...60)
    func `a byte that was changed is taken for JSON or refused at a place within the text`(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let json = RandomJSON(seed: UInt64(seed))
        for _ in 0..<100 {
            var bytes = json.bytes
            bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            do throws(JSONScanner.Malformed) {
                try JSONScanner.check(bytes[...])
                // Then it is whole, and nothing may follow.
                #expect(throws: JSONScanner.Malformed.self) {
                    try JSONScanner.check((bytes + [UInt8(ascii: "]")])[...])
                }
            } catch {
                #expect((0...bytes.count).contains(error.offset))
            }
        }
    }
}
