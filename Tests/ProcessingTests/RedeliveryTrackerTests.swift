import EventLoops
import Invoking
import Messaging
import Testing

@testable import Processing

struct RedeliveryTrackerTests {
    private typealias Tracker = RedeliveryTracker<StandardPolicy>

    private static let now = SteadyInstant.now

    /// What is said of the message when it comes again.
    private static func again(_ id: String?, _ tracker: inout Tracker) -> Tracker.Finding? {
        tracker.recognize(.test(id, tag: 2, isRedelivered: true), at: self.now)
    }

    @Test func `what still runs is recognised once, by its invocation`() {
        var tracker = Tracker(prefetch: 8)
        #expect(tracker.isEmpty)
        tracker.orphaned(.running(7), .test("a"))
        #expect(!tracker.isEmpty)
        #expect(Self.again("b", &tracker) == nil)
        #expect(Self.again("a", &tracker) == .orphan(.running(7)))
        #expect(Self.again("a", &tracker) == nil)
        #expect(tracker.isEmpty)
    }

    @Test func `what is being settled is recognised once, by its settlement`() {
        var tracker = Tracker(prefetch: 8)
        tracker.orphaned(.settling(SettlementID(number: 3)), .test("a", tag: 1))
        #expect(Self.again("a", &tracker) == .orphan(.settling(SettlementID(number: 3))))
        #expect(Self.again("a", &tracker) == nil)
    }

    @Test func `an acknowledgement that was sent last may be lost with the connection`() {
        var tracker = Tracker(prefetch: 1)
        tracker.acknowledged(.test("a"), at: Self.now)
        tracker.acknowledged(.test("b"), at: Self.now)
        #expect(tracker.isEmpty, "nothing is known as long as the connection stands")
        tracker.interrupted(isCurrent: true, at: Self.now)
        #expect(Self.again("b", &tracker) == .settled)
        #expect(Self.again("a", &tracker) == nil, "no more than the prefetch are on their way")
    }

    @Test func `what was settled meanwhile is recognised as settled, once`() {
        var tracker = Tracker(prefetch: 8)
        tracker.orphaned(.running(1), .test("a"))
        tracker.ended(.running(1), .test("a"))
        tracker.settled(.test("a"), at: Self.now)
        #expect(Self.again("a", &tracker) == .settled)
        #expect(Self.again("a", &tracker) == nil)
        #expect(tracker.isEmpty)
    }

    @Test func `what ended without being settled is forgotten`() {
        var tracker = Tracker(prefetch: 8)
        tracker.orphaned(.running(1), .test("a"))
        tracker.ended(.running(1), .test("a"))
        #expect(tracker.isEmpty)
        #expect(Self.again("a", &tracker) == nil)
    }

    @Test(arguments: [nil, "generated-4711", "a"])
    func `each run of equal messages stands for one of them, and the end of one leaves the others`(id: String?) {
        var tracker = Tracker(prefetch: 8)
        for number in 1...3 as ClosedRange<UInt64> {
            tracker.orphaned(.running(InvocationID(rawValue: number)), .test(id, tag: number))
            tracker.orphaned(.running(InvocationID(rawValue: number)), .test(id, tag: number))
        }
        tracker.ended(.running(2), .test(id))
        #expect(Self.again(id, &tracker) == .orphan(.running(1)))
        #expect(Self.again(id, &tracker) == .orphan(.running(3)))
        #expect(Self.again(id, &tracker) == nil)
    }

    @Test func `one without an identity of its own is not remembered: the next equal message is another event`() {
        var tracker = Tracker(prefetch: 8)
        tracker.settled(.test(nil), at: Self.now)
        tracker.settled(.test("generated-4711"), at: Self.now)
        tracker.settled(.test("a", source: nil), at: Self.now)
        #expect(tracker.isEmpty)
        #expect(Self.again(nil, &tracker) == nil)
    }

    @Test func `an event of another source with the same id is another event`() {
        var tracker = Tracker(prefetch: 8)
        tracker.settled(.test("1", source: "shop"), at: Self.now)
        tracker.orphaned(.running(7), .test("1", source: "shop"))
        let other = Delivery.test("1", source: "bank", isRedelivered: true)
        #expect(tracker.recognize(other, at: Self.now) == nil)
        #expect(Self.again("1", &tracker) == .orphan(.running(7)))
        #expect(Self.again("1", &tracker) == .settled)
    }

    @Test func `an equal event that is published later clears the memory, also for its own redelivery`() {
        var tracker = Tracker(prefetch: 8)
        tracker.settled(.test("a"), at: Self.now)
        #expect(tracker.recognize(.test("a", tag: 2), at: Self.now) == nil)
        #expect(Self.again("a", &tracker) == nil)
    }

    @Test func `a copy of the same event is not taken for it`() {
        var tracker = Tracker(prefetch: 8)
        tracker.settled(.test("a"), at: Self.now)
        let copy = Delivery.test("a", headers: [("warren-attempt", .integer(2))], isRedelivered: true)
        #expect(tracker.recognize(copy, at: Self.now) == nil)
        #expect(Self.again("a", &tracker) == .settled)
    }

    @Test func `headers mean the same in any order, and what the broker adds means nothing`() {
        var tracker = Tracker(prefetch: 8)
        let headers: [(String, FieldValue)] = [
            ("b", .integer(1)), ("a", .string("x")), ("c", .table(["z": .boolean(true), "y": .boolean(false)])),
        ]
        tracker.settled(.test("a", headers: headers), at: Self.now)
        let sorted = headers.sorted { $0.0 < $1.0 } + [("x-delivery-count", FieldValue.integer(1))]
        let swapped: [(String, FieldValue)] = [("a", .integer(1)), ("b", .string("x")), headers[2]]
        for other in [swapped, Array(headers.dropLast())] {
            let delivery = Delivery.test("a", headers: other, isRedelivered: true)
            #expect(tracker.recognize(delivery, at: Self.now) == nil)
        }
        let again = Delivery.test("a", headers: sorted, isRedelivered: true)
        #expect(tracker.recognize(again, at: Self.now) == .settled)
    }
}
