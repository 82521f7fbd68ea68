import EventLoops
import Messaging
import Testing

@testable import Processing

struct RecentAcksTests {
    private static let now = SteadyInstant.now

    private static func tags(_ deliveries: [Delivery]) -> Set<UInt64> { Set(deliveries.map(\.tag.value)) }

    @Test func `the last ones are kept, as many as its capacity, and taken once`() {
        var acks = RecentAcks(capacity: 3)
        #expect(acks.takeAll(at: Self.now).isEmpty)
        for number in 1...7 as ClosedRange<UInt64> { acks.add(.test("e\(number)", tag: number), at: Self.now) }
        #expect(Self.tags(acks.takeAll(at: Self.now)) == [5, 6, 7])
        #expect(acks.takeAll(at: Self.now).isEmpty)
        acks.add(.test("e8", tag: 8), at: Self.now)
        #expect(Self.tags(acks.takeAll(at: Self.now)) == [8])
    }

    @Test func `they hold a megabyte, of the newest`() {
        var acks = RecentAcks(capacity: 100)
        for number in 1...5 as ClosedRange<UInt64> {
            acks.add(.test("e\(number)", tag: number, body: [UInt8](repeating: 0, count: 400 << 10)), at: Self.now)
        }
        #expect(Self.tags(acks.takeAll(at: Self.now)) == [4, 5])
        acks.add(.test("e6", tag: 6, body: [UInt8](repeating: 0, count: 2 << 20)), at: Self.now)
        acks.add(.test("e7", tag: 7), at: Self.now)
        #expect(Self.tags(acks.takeAll(at: Self.now)) == [7])
    }

    @Test(arguments: [(1, [7]), (2, [6, 7]), (3, [5, 6, 7]), (5, [5, 6, 7])] as [(Int, Set<UInt64>)])
    func `another capacity keeps the newest, and goes on with them`(capacity: Int, kept: Set<UInt64>) {
        var acks = RecentAcks(capacity: 3)
        for number in 1...7 as ClosedRange<UInt64> { acks.add(.test("e\(number)", tag: number), at: Self.now) }
        acks.capacity = capacity
        var copy = acks
        #expect(Self.tags(copy.takeAll(at: Self.now)) == kept)
        for number in 8...9 as ClosedRange<UInt64> { acks.add(.test("e\(number)", tag: number), at: Self.now) }
        #expect(Self.tags(acks.takeAll(at: Self.now)) == Set(kept.union([8, 9]).sorted().suffix(capacity)))
    }

    @Test func `a capacity of nothing still keeps the last`() {
        var acks = RecentAcks(capacity: 0)
        acks.add(.test("e1", tag: 1), at: Self.now)
        acks.add(.test("e2", tag: 2), at: Self.now)
        #expect(Self.tags(acks.takeAll(at: Self.now)) == [2])
    }

    @Test func `one of long ago has been taken by the broker`() {
        var acks = RecentAcks(capacity: 3)
        acks.add(.test("old", tag: 1), at: Self.now)
        acks.add(.test("new", tag: 2), at: Self.now + .seconds(30))
        #expect(Self.tags(acks.takeAll(at: Self.now + .seconds(61))) == [2])
    }
}
