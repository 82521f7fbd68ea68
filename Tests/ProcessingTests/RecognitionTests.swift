import Messaging
import Testing

@testable import Processing

struct RecognitionTests {
    @Test func `what still runs is recognised once, by its invocation`() {
        var recognition = Recognition()
        #expect(recognition.isEmpty)
        recognition.orphaned(.test(.test("a"), id: 7))
        #expect(!recognition.isEmpty)
        #expect(recognition.recognize(.test("b")) == nil)
        guard case .running(7)? = recognition.recognize(.test("a", tag: 2, isRedelivered: true)) else {
            Issue.record("it is not recognised as running")
            return
        }
        #expect(recognition.recognize(.test("a")) == nil)
        #expect(recognition.isEmpty)
    }

    @Test func `what is being settled is recognised with its receipt, by which the last delivery is acknowledged`() {
        var recognition = Recognition()
        let receipt = Receipt(.test(.test("a", tag: 1)))
        recognition.orphaned(receipt)
        let again = Delivery.test("a", tag: 2, isRedelivered: true)
        guard case .settling(let found)? = recognition.recognize(again), found === receipt else {
            Issue.record("it is not recognised as being settled")
            return
        }
        let life = SubscriptionLife.test
        found.replace(again, life)
        #expect(receipt.delivery.tag.value == 2)
        #expect(receipt.life === life)
    }

    @Test func `what was settled meanwhile is recognised as settled, once`() {
        var recognition = Recognition()
        recognition.orphaned(.test(.test("a")))
        recognition.settled(.test("a"))
        guard case .settled? = recognition.recognize(.test("a", isRedelivered: true)) else {
            Issue.record("it is not recognised as settled")
            return
        }
        #expect(recognition.recognize(.test("a")) == nil)
        #expect(recognition.isEmpty)
    }

    @Test func `what ended without being settled is forgotten`() {
        var recognition = Recognition()
        recognition.orphaned(.test(.test("a")))
        recognition.forget(.test("a"))
        #expect(recognition.isEmpty)
        #expect(recognition.recognize(.test("a")) == nil)
    }

    @Test func `one without an id of its own is not remembered: the next equal message is another event`() {
        var recognition = Recognition()
        recognition.settled(.test(nil))
        recognition.settled(.test("generated-4711"))
        #expect(recognition.isEmpty)
        #expect(recognition.recognize(.test(nil, tag: 2, isRedelivered: true)) == nil)
    }

    @Test func `a copy of the same event is not taken for it`() {
        var recognition = Recognition()
        recognition.settled(.test("a"))
        #expect(recognition.recognize(.test("a", headers: [("warren-attempt", .integer(2))])) == nil)
        #expect(recognition.recognize(.test("a")) != nil)
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
