import Messaging
import Testing

@testable import Processing

struct RecognitionTests {
    private static let now = ContinuousClock.now

    /// What is said of the message when it comes again.
    private static func again(_ id: String?, _ recognition: inout Recognition) -> Recognition.Finding? {
        recognition.recognize(.test(id, tag: 2, isRedelivered: true), now: self.now)
    }

    @Test func `what still runs is recognised once, by its invocation`() {
        var recognition = Recognition()
        #expect(recognition.isEmpty)
        recognition.orphaned(.test(.test("a"), id: 7))
        #expect(!recognition.isEmpty)
        #expect(Self.again("b", &recognition) == nil)
        #expect(Self.again("a", &recognition) == .running(7))
        #expect(Self.again("a", &recognition) == nil)
        #expect(recognition.isEmpty)
    }

    @Test func `what is being settled is recognised with its receipt, by which the last delivery is acknowledged`() {
        var recognition = Recognition()
        let receipt = Receipt(.test(.test("a", tag: 1)))
        recognition.orphaned(receipt)
        #expect(Self.again("a", &recognition) == .settling(receipt))
        let life = SubscriptionLife.test
        receipt.replace(.test("a", tag: 2, isRedelivered: true), life)
        #expect(receipt.delivery.tag.value == 2)
        #expect(receipt.life === life)
    }

    @Test func `what was settled meanwhile is recognised as settled, once`() {
        var recognition = Recognition()
        let running = RunningDelivery.test(.test("a"))
        recognition.orphaned(running)
        recognition.ended(running)
        recognition.settled(.test("a"), now: Self.now)
        #expect(Self.again("a", &recognition) == .settled)
        #expect(Self.again("a", &recognition) == nil)
        #expect(recognition.isEmpty)
    }

    @Test func `what ended without being settled is forgotten`() {
        var recognition = Recognition()
        let running = RunningDelivery.test(.test("a"))
        recognition.orphaned(running)
        recognition.ended(running)
        #expect(recognition.isEmpty)
        #expect(Self.again("a", &recognition) == nil)
    }

    @Test(arguments: [nil, "generated-4711", "a"])
    func `each run of equal messages stands for one of them, and the end of one leaves the others`(id: String?) {
        var recognition = Recognition()
        for number in 1...3 as ClosedRange<UInt64> {
            recognition.orphaned(.test(.test(id, tag: number), id: number))
            recognition.orphaned(.test(.test(id, tag: number), id: number))
        }
        recognition.ended(.test(.test(id), id: 2))
        #expect(Self.again(id, &recognition) == .running(1))
        #expect(Self.again(id, &recognition) == .running(3))
        #expect(Self.again(id, &recognition) == nil)
    }

    @Test func `one without an identity of its own is not remembered: the next equal message is another event`() {
        var recognition = Recognition()
        recognition.settled(.test(nil), now: Self.now)
        recognition.settled(.test("generated-4711"), now: Self.now)
        recognition.settled(.test("a", source: nil), now: Self.now)
        #expect(recognition.isEmpty)
        #expect(Self.again(nil, &recognition) == nil)
    }

    @Test func `an event of another source with the same id is another event`() {
        var recognition = Recognition()
        recognition.settled(.test("1", source: "shop"), now: Self.now)
        recognition.orphaned(.test(.test("1", source: "shop"), id: 7))
        let other = Delivery.test("1", source: "bank", isRedelivered: true)
        #expect(recognition.recognize(other, now: Self.now) == nil)
        #expect(Self.again("1", &recognition) == .running(7))
        #expect(Self.again("1", &recognition) == .settled)
    }

    @Test func `an equal event that is published later clears the memory, also for its own redelivery`() {
        var recognition = Recognition()
        recognition.settled(.test("a"), now: Self.now)
        #expect(recognition.recognize(.test("a", tag: 2), now: Self.now) == nil)
        #expect(Self.again("a", &recognition) == nil)
    }

    @Test func `a copy of the same event is not taken for it`() {
        var recognition = Recognition()
        recognition.settled(.test("a"), now: Self.now)
        let copy = Delivery.test("a", headers: [("warren-attempt", .integer(2))], isRedelivered: true)
        #expect(recognition.recognize(copy, now: Self.now) == nil)
        #expect(Self.again("a", &recognition) == .settled)
    }

    @Test func `headers mean the same in any order, and what the broker adds means nothing`() {
        var recognition = Recognition()
        let headers: [(String, FieldValue)] = [
            ("b", .integer(1)), ("a", .string("x")), ("c", .table(["z": .boolean(true), "y": .boolean(false)])),
        ]
        recognition.settled(.test("a", headers: headers), now: Self.now)
        let sorted = headers.sorted { $0.0 < $1.0 } + [("x-delivery-count", FieldValue.integer(1))]
        let swapped: [(String, FieldValue)] = [("a", .integer(1)), ("b", .string("x")), headers[2]]
        for other in [swapped, Array(headers.dropLast())] {
            let delivery = Delivery.test("a", headers: other, isRedelivered: true)
            #expect(recognition.recognize(delivery, now: Self.now) == nil)
        }
        let again = Delivery.test("a", headers: sorted, isRedelivered: true)
        #expect(recognition.recognize(again, now: Self.now) == .settled)
    }
}

extension Recognition.Finding: Equatable {
    static func == (one: Self, other: Self) -> Bool {
        switch (one, other) {
        case (.settled, .settled): true
        case (.running(let one), .running(let other)): one == other
        case (.settling(let one), .settling(let other)): one === other
        case (.settled, _), (.running, _), (.settling, _): false
        }
    }
}
