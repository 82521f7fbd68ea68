import Messaging
import Testing

@testable import Processing

struct RecentAcksTests {
    private static func tags(_ deliveries: [Delivery]) -> Set<UInt64> { Set(deliveries.map(\.tag.value)) }

    @Test func `the last ones are kept, as many as its capacity, and taken once`() {
        var acks = RecentAcks(capacity: 3)
        #expect(acks.takeAll().isEmpty)
        for number in 1...7 as ClosedRange<UInt64> { acks.add(.test("e\(number)", tag: number)) }
        #expect(Self.tags(acks.takeAll()) == [5, 6, 7])
        #expect(acks.takeAll().isEmpty)
        acks.add(.test("e8", tag: 8))
        #expect(Self.tags(acks.takeAll()) == [8])
    }

    @Test func `a large one takes its place but is not kept`() {
        var acks = RecentAcks(capacity: 2)
        acks.add(.test("e1", tag: 1))
        acks.add(.test("e2", tag: 2))
        acks.add(.test("e3", tag: 3, body: [UInt8](repeating: 0, count: 65 << 10)))
        #expect(Self.tags(acks.takeAll()) == [2])
    }

    @Test func `those without an id of their own are left out: the next equal message is another event`() {
        var acks = RecentAcks(capacity: 3)
        acks.add(.test(nil, tag: 1))
        acks.add(.test("e2", tag: 2))
        #expect(Self.tags(acks.takeAll()) == [2])
    }

    @Test(arguments: [(1, [7]), (2, [6, 7]), (3, [5, 6, 7]), (5, [5, 6, 7])] as [(Int, Set<UInt64>)])
    func `another capacity keeps the newest, and goes on with them`(capacity: Int, kept: Set<UInt64>) {
        var acks = RecentAcks(capacity: 3)
        for number in 1...7 as ClosedRange<UInt64> { acks.add(.test("e\(number)", tag: number)) }
        acks.capacity = capacity
        var copy = acks
        #expect(Self.tags(copy.takeAll()) == kept)
        for number in 8...9 as ClosedRange<UInt64> { acks.add(.test("e\(number)", tag: number)) }
        #expect(Self.tags(acks.takeAll()) == Set(kept.union([8, 9]).sorted().suffix(capacity)))
    }

    @Test func `a capacity of nothing still keeps the last`() {
        var acks = RecentAcks(capacity: 0)
        acks.add(.test("e1", tag: 1))
        acks.add(.test("e2", tag: 2))
        #expect(Self.tags(acks.takeAll()) == [2])
    }
}
