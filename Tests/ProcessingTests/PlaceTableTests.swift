import Testing

@testable import Processing

struct PlaceTableTests {
    @Test func `what stood at a place before is not mistaken for what stands there now`() {
        var table = PlaceTable<String>()
        table.add("a", for: 1 << 16 | 3)
        table.add("b", for: 2 << 16 | 3)
        #expect(table.count == 1)
        #expect(table[1 << 16 | 3] == nil)
        table.remove(1 << 16 | 3)
        #expect(table[2 << 16 | 3] == "b")
        table.remove(2 << 16 | 3)
        #expect(table.count == 0)
        #expect(table[2 << 16 | 3] == nil)
    }

    @Test func `ids are found by what stands there`() {
        var table = PlaceTable<Int>()
        for id in 1...6 as ClosedRange<UInt64> { table.add(Int(id % 2), for: id) }
        #expect(table.ids { $0 == 1 } == [1, 3, 5])
        #expect(table[0xffff] == nil)
    }
}
