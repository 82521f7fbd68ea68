import Invoking
import Testing

@testable import Processing

struct PlaceTableTests {
    @Test func `what stood at a place before is not mistaken for what stands there now`() {
        var table = PlaceTable<String>()
        table.add("a", for: InvocationID(run: 1, place: 3))
        table.add("b", for: InvocationID(run: 2, place: 3))
        #expect(table.count == 1)
        #expect(table[InvocationID(run: 1, place: 3)] == nil)
        table.remove(InvocationID(run: 1, place: 3))
        #expect(table[InvocationID(run: 2, place: 3)] == "b")
        table.remove(InvocationID(run: 2, place: 3))
        #expect(table.count == 0)
        #expect(table[InvocationID(run: 2, place: 3)] == nil)
    }

    @Test func `ids are found by what stands there`() {
        var table = PlaceTable<Int>()
        for id in InvocationID.each(1...6) { table.add(Int(id.rawValue % 2), for: id) }
        #expect(table.ids { $0 == 1 } == [1, 3, 5])
        #expect(table[0xffff] == nil)
    }
}
