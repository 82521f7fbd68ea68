import Messaging
import SeededGeneration
import Testing

@testable import AMQP

struct ConfirmLedgerTests {
    @Test(arguments: 0..<200)
    func `every message is answered exactly once, and the returned ones are known`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Many are set aside in a ledger that keeps few in a row.
        var ledger = ConfirmLedger<Int>(longestSpan: seed % 2 == 0 ? 16_384 : 3)
        var answers: [Int: Bool] = [:]
        /// Numbers on the present channel, oldest first, with their items.
        var open: [(number: UInt64, item: Int)] = []
        var returned: Set<Int> = []
        var number: UInt64 = 0
        var item = 0
        func check(_ answered: [ConfirmLedger<Int>.Sent], are expected: [Int]) {
            #expect(answered.map(\.item) == expected)
            for entry in answered {
                #expect(answers.updateValue(entry.isReturned, forKey: entry.item) == nil, "answered twice")
            }
        }
        for _ in 0..<600 {
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<10:
                number += 1
                open.append((number, item))
                ledger.sent(item, at: .zero)
                if Int.random(in: 0..<5, using: &random) == 0 {
                    returned.insert(item)
                    ledger.returned { $0 == item }
                }
                item += 1
            case 10..<15:
                guard let index = open.indices.randomElement(using: &random) else { continue }
                let one = open.remove(at: index)
                check(ledger.answered(one.number, multiple: false), are: [one.item])
                check(ledger.answered(one.number, multiple: false), are: [])
            case 15..<18:
                guard let last = open.randomElement(using: &random) else { continue }
                check(
                    ledger.answered(last.number, multiple: true),
                    are: open.filter { $0.number <= last.number }.map(\.item)
                )
                open.removeAll { $0.number <= last.number }
            case 18:
                check(ledger.answered(number + 1, multiple: false), are: [])
                check(ledger.answered(number + 1, multiple: true), are: [])
            default:
                // The channel is gone: what was not answered is sent again on the next one.
                let rest = ledger.reset()
                #expect(rest == open.map(\.item))
                open = []
                number = 0
                for item in rest {
                    returned.remove(item)
                    number += 1
                    open.append((number, item))
                    ledger.sent(item, at: .zero)
                }
            }
            #expect(ledger.unanswered == open.count)
        }
        check(ledger.answered(0, multiple: true), are: open.map(\.item))
        #expect(answers.count == item)
        #expect(Set(answers.filter(\.value).keys) == returned)
        #expect(ledger.unanswered == 0)
    }

    @Test func `equal messages are returned in their order`() {
        var ledger = ConfirmLedger<Int>()
        for item in 1...3 { ledger.sent(item, at: .zero) }
        ledger.returned { _ in true }
        ledger.returned { _ in true }
        ledger.returned { _ in false }
        #expect(ledger.answered(3, multiple: true).map(\.isReturned) == [true, true, false])
    }

    @Test func `one that is not answered is known however many follow, and is late by its own time`() {
        let start = Duration.zero
        var ledger = ConfirmLedger<Int>(longestSpan: 100)
        for number in 1...20_000 {
            let now = start + .milliseconds(number)
            ledger.sent(number, at: now)
            if number > 1 { #expect(ledger.answered(UInt64(number), multiple: false).count == 1) }
        }
        ledger.sent(20_001, at: start + .milliseconds(20_001))
        #expect(ledger.unanswered == 2)
        #expect(ledger.oldest == start + .milliseconds(1))
        #expect(ledger.unanswered(sentBefore: start + .milliseconds(2)) == [1])
        #expect(ledger.unanswered(sentBefore: start + .seconds(60)) == [1, 20_001])
        #expect(ledger.answered(1, multiple: false).map(\.item) == [1])
        #expect(ledger.oldest == start + .milliseconds(20_001))
        #expect(ledger.answered(20_001, multiple: true).map(\.item) == [20_001])
        #expect(ledger.oldest == nil)
    }

    @Test func `numbers begin again on a new channel`() {
        var ledger = ConfirmLedger<String>()
        ledger.sent("a", at: .zero)
        ledger.sent("b", at: .zero)
        #expect(ledger.answered(1, multiple: false).map(\.item) == ["a"])
        #expect(ledger.reset() == ["b"])
        #expect(ledger.reset().isEmpty)
        ledger.sent("b", at: .zero)
        #expect(ledger.answered(2, multiple: false).isEmpty)
        #expect(ledger.answered(1, multiple: false).map(\.item) == ["b"])
    }
}

extension ConfirmLedger {
    fileprivate mutating func answered(_ number: UInt64, multiple: Bool) -> [Sent] {
        var answered: [Sent] = []
        self.answered(number, multiple: multiple) { answered.append($0) }
        return answered
    }
}
