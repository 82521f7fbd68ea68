import EventLoops
import Messaging
import Testing

@testable import Processing

struct AckMemoryTests {
    private static let start = SteadyInstant.now

    private static func key(_ number: Int) -> EventKey { EventKey(.test("e\(number)")) }

    @Test func `what is remembered is recognised once`() {
        var memory = AckMemory()
        #expect(memory.isEmpty)
        memory.remember(Self.key(1), now: Self.start)
        #expect(memory.take(Self.key(2), now: Self.start) == false)
        #expect(memory.take(Self.key(1), now: Self.start + .seconds(59)) == true)
        #expect(memory.take(Self.key(1), now: Self.start) == false)
        #expect(memory.isEmpty)
    }

    @Test func `what comes after its time counts as new`() {
        var memory = AckMemory()
        memory.remember(Self.key(1), now: Self.start)
        #expect(memory.take(Self.key(1), now: Self.start + AckMemory.lifetime) == false)
        #expect(memory.isEmpty)
    }

    @Test func `remembered again, its time begins anew`() {
        var memory = AckMemory()
        memory.remember(Self.key(1), now: Self.start)
        memory.remember(Self.key(1), now: Self.start + .seconds(50))
        #expect(memory.count == 1)
        #expect(memory.take(Self.key(1), now: Self.start + .seconds(100)) == true)
    }

    @Test func `while the broker is away its time stands still, up to a quarter of an hour`() {
        var memory = AckMemory()
        memory.remember(Self.key(1), now: Self.start)
        memory.remember(Self.key(2), now: Self.start)
        memory.interrupted(now: Self.start)
        memory.interrupted(now: Self.start + .seconds(300))
        for number in 3...4 { memory.remember(Self.key(number), now: Self.start) }
        #expect(memory.take(Self.key(1), now: Self.start + .seconds(899)) == true)
        memory.delivering(since: Self.start + .seconds(600))
        #expect(memory.take(Self.key(2), now: Self.start + .seconds(659)) == true)
        #expect(memory.take(Self.key(3), now: Self.start + .seconds(660)) == false)
        memory.interrupted(now: Self.start + .seconds(640))
        #expect(memory.take(Self.key(4), now: Self.start + .seconds(640 + 899)) == true)
        memory.remember(Self.key(5), now: Self.start + .seconds(640))
        memory.interrupted(now: Self.start + .seconds(700))
        memory.delivering(since: Self.start + .seconds(640 + 901))
        #expect(memory.isEmpty)
    }

    @Test func `the oldest ones are forgotten beyond its capacity`() {
        var memory = AckMemory()
        for number in 0..<AckMemory.capacity + 10 { memory.remember(Self.key(number), now: Self.start) }
        #expect(memory.count == AckMemory.capacity)
        for number in 0..<10 { #expect(memory.take(Self.key(number), now: Self.start) == false) }
        for number in 10..<20 { #expect(memory.take(Self.key(number), now: Self.start) == true) }
    }

    @Test func `however many come and go, it holds no more than its capacity`() {
        var memory = AckMemory()
        for number in 0..<3 * AckMemory.capacity {
            memory.remember(Self.key(number), now: Self.start)
            if number % 3 == 0 { #expect(memory.take(Self.key(number), now: Self.start) == true) }
            #expect(memory.count <= AckMemory.capacity)
        }
        let last = 3 * AckMemory.capacity - 1
        #expect(memory.take(Self.key(last), now: Self.start) == true, "the newest is there")
    }
}
