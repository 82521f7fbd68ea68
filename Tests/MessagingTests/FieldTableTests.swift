import Messaging
import SeededGeneration
import Testing

@Suite struct FieldTableTests {
    static let values: [FieldValue] = [
        .void, .boolean(true), .integer(-7), .integer(.max), .double(2.5), .string("grün"), .bytes([0, 255]),
        .timestamp(1_700_000_000), .array([.integer(1), .string("two")]),
        .table(["a": .integer(1), "b": .array([.void])]),
    ]

    @Test(arguments: Self.values)
    func `every value is read as it was written`(value: FieldValue) {
        #expect(FieldTable([("other", .integer(1)), ("key", value)])["key"] == value)
    }

    @Test func `editing keeps the other entries byte for byte`() {
        // Kinds that are never written here: a short, a decimal, and text that is not UTF-8.
        let odd: [UInt8] =
            [1, UInt8(ascii: "s"), UInt8(ascii: "s"), 0xff, 0xfe]
            + [1, UInt8(ascii: "d"), UInt8(ascii: "D"), 2, 0, 0, 1, 0]
            + [1, UInt8(ascii: "x"), UInt8(ascii: "S"), 0, 0, 0, 2, 0xc3, 0x28]
        var table = FieldTable(bytes: FieldTable([("warren-attempt", .integer(1))]).bytes + odd)
        #expect(table["s"] == .integer(-2))
        #expect(table["d"] == .double(2.56))
        table.set("warren-attempt", .integer(2))
        #expect(table.bytes == odd + FieldTable([("warren-attempt", .integer(2))]).bytes)
        table.removeEntries { $0.hasPrefix("warren-") }
        #expect(table.bytes == odd)
    }

    @Test func `a table cut anywhere gives the entries before the cut and never traps`() {
        let whole = FieldTable(Self.values.enumerated().map { ("key\($0.offset)", $0.element) })
        for count in 0...whole.bytes.count {
            var cut = FieldTable(bytes: Array(whole.bytes[..<count]))
            #expect(cut.entries.count <= Self.values.count)
            #expect(cut.entries.elementsEqual(whole.entries.prefix(cut.entries.count)) { $0 == $1 })
            cut.set("new", .integer(1))
            #expect(cut["new"] == .integer(1))
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `random bytes are read without a trap`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bytes = random.bytes(Int.random(in: 0...200, using: &random))
        var table = FieldTable(bytes: bytes)
        #expect(table.entries.count <= bytes.count)
        table.removeEntries { _ in false }
        #expect(bytes.starts(with: table.bytes))
    }

    @Test func `a value nested too deep is not read but kept`() {
        var value = FieldValue.integer(1)
        for _ in 0..<40 { value = .array([value]) }
        var table = FieldTable([("deep", value), ("flat", .integer(1))])
        #expect(table["deep"] == nil)
        let before = table.bytes
        table.removeEntries { $0 == "none" }
        #expect(table.bytes == before)
        #expect(table["flat"] == .integer(1))
    }
}
