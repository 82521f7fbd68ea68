import Messaging
import SeededGeneration
import Testing

@testable import AMQP

struct QuarantineTests {
    private static func target(_ key: String, _ exchange: String = "e") -> PublishTarget {
        PublishTarget(exchange: exchange, routingKey: key)
    }

    @Test func `one message of each target is on its way, and a target that answers is let go with all that waits`() {
        var quarantine = Quarantine<String>()
        for key in ["a", "b"] {
            quarantine.add(Self.target(key))
            for number in 1...3 { quarantine.hold("\(key)\(number)", of: Self.target(key)) }
        }
        #expect(quarantine.suspect(for: Self.target("a")) == Self.target("a"))
        #expect(quarantine.suspect(for: Self.target("c")) == nil)
        let first = quarantine.next()
        #expect(first == ["a1", "b1"])
        let second = quarantine.next()
        #expect(second.isEmpty)
        let released = quarantine.answered(Self.target("a"), isGood: true) { $0 == "a1" }
        #expect(released == ["a2", "a3"])
        #expect(quarantine.suspect(for: Self.target("a")) == nil)
        let none = quarantine.answered(Self.target("b"), isGood: false) { $0 == "b1" }
        #expect(none.isEmpty, "refused, it stays a suspect")
        let third = quarantine.next()
        #expect(third == ["b2"])
        let last = quarantine.answered(Self.target("b"), isGood: true) { $0 == "b2" }
        #expect(last == ["b3"])
        #expect(quarantine.isEmpty)
    }

    @Test func `what is answered elsewhere lets a target go only when nothing of it is on its way here`() {
        var quarantine = Quarantine<String>()
        quarantine.add(Self.target("a"))
        quarantine.hold("here", of: Self.target("a"))
        _ = quarantine.next()
        let early = quarantine.answered(Self.target("a"), isGood: true) { $0 == "elsewhere" }
        #expect(early.isEmpty && !quarantine.isEmpty)
        _ = quarantine.answered(Self.target("a"), isGood: true) { $0 == "here" }
        #expect(quarantine.isEmpty)
    }

    @Test func `many suspected keys make their whole exchange one suspect, with what waited for them`() {
        var quarantine = Quarantine<String>()
        let keys = (1...Quarantine<String>.keysOfOneExchange).map { "k\($0)" }
        for key in keys {
            quarantine.add(Self.target(key))
            if let suspect = quarantine.suspect(for: Self.target(key)) { quarantine.hold(key, of: suspect) }
        }
        quarantine.add(Self.target("k1", "other"))
        let whole = PublishTarget(exchange: "e", routingKey: nil)
        #expect(quarantine.suspect(for: Self.target("unheard")) == whole)
        #expect(quarantine.suspect(for: Self.target("unheard", "other")) == nil)
        let sent = quarantine.next()
        #expect(Set(sent) == Set(keys.prefix(Quarantine<String>.share(of: whole))))
    }

    @Test func `when all places are taken by messages that nobody answers, others get their turn`() {
        var quarantine = Quarantine<Int>()
        let window = Quarantine<Int>.window
        for number in 0..<window + 3 {
            let target = Self.target("k", "e\(number)")
            quarantine.add(target)
            quarantine.hold(number, of: target)
        }
        let first = quarantine.next()
        #expect(first == Array(0..<window))
        #expect(quarantine.hasOthers(than: Self.target("k", "e0")) { $0 != 0 })
        quarantine.rotate(last: Self.target("k", "e0")) { $0 == 0 }
        let second = quarantine.next()
        #expect(second.prefix(3) == [window, window + 1, window + 2])
        #expect(second.count == window)
    }

    @Test func `the one behind which all stand still goes last`() {
        var quarantine = Quarantine<String>()
        for key in ["a", "b", "c"] {
            quarantine.add(Self.target(key))
            quarantine.hold(key, of: Self.target(key))
        }
        let first = quarantine.next()
        #expect(first == ["a", "b", "c"])
        quarantine.hold("a2", of: Self.target("a"))
        quarantine.rotate(last: Self.target("a")) { $0 == "a" }
        let second = quarantine.next()
        #expect(Set(second.prefix(2)) == ["b", "c"] && second.last == "a2", "also behind others of its own target")
        for key in ["b", "c"] { _ = quarantine.answered(Self.target(key), isGood: true) { $0 == key } }
        #expect(!quarantine.hasOthers(than: Self.target("a")) { _ in true })
    }

    @Test func `of several that stand still each goes behind the well ones, one after the other`() {
        var quarantine = Quarantine<String>()
        let stuck = ["s1", "s2", "s3"]
        for key in stuck + ["well"] {
            quarantine.add(Self.target(key))
            quarantine.hold(key, of: Self.target(key))
        }
        var order = quarantine.next()
        #expect(quarantine.round == 4)
        for _ in stuck {
            guard let head = order.first, head != "well" else { break }
            quarantine.rotate(last: Self.target(head)) { $0 == head }
            order = quarantine.next()
        }
        #expect(order.first == "well")
    }

    @Test func `a whole exchange holds up what is for its other keys`() {
        var quarantine = Quarantine<String>()
        for number in 1...Quarantine<String>.keysOfOneExchange {
            quarantine.add(Self.target("k\(number)"))
            if let suspect = quarantine.suspect(for: Self.target("k\(number)")) {
                quarantine.hold("k\(number)", of: suspect)
            }
        }
        let first = quarantine.next()
        let head = first[0]
        #expect(quarantine.round == Quarantine<String>.keysOfOneExchange)
        #expect(quarantine.hasOthers(than: Self.target(head)) { $0 != head })
        quarantine.rotate(last: Self.target(head)) { $0 == head }
        let second = quarantine.next()
        #expect(second.last == head || !second.contains(head))
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `in any history nothing is lost or sent beside itself, and no limit is exceeded`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var quarantine = Quarantine<Int>()
        var held: Set<Int> = []
        var underWay: [Int: PublishTarget] = [:]
        var targets: [Int: PublishTarget] = [:]
        var next = 0
        for _ in 0..<500 {
            let target = Self.target(
                "k\(Int.random(in: 0..<12, using: &random))",
                "e\(Int.random(in: 0..<3, using: &random))"
            )
            switch Int.random(in: 0..<10, using: &random) {
            case 0:
                quarantine.add(target)
            case 1..<5:
                guard let suspect = quarantine.suspect(for: target) else { continue }
                quarantine.hold(next, of: suspect)
                held.insert(next)
                targets[next] = target
                next += 1
            case 5..<7:
                for item in quarantine.next() {
                    #expect(held.remove(item) != nil, "it was held")
                    underWay[item] = targets[item]
                }
            case 7..<9:
                guard let item = underWay.keys.sorted().randomElement(using: &random) else { continue }
                guard let target = underWay.removeValue(forKey: item) else { continue }
                let released = quarantine.answered(target, isGood: Bool.random(using: &random)) { $0 == item }
                for item in released { #expect(held.remove(item) != nil) }
            default:
                quarantine.rotate(last: target) { $0 == underWay.keys.min() }
                held.formUnion(underWay.keys)
                underWay.removeAll()
            }
            #expect(quarantine.underWay == underWay.count)
            #expect(underWay.count <= Quarantine<Int>.window)
        }
        #expect(Set(quarantine.removeAll()) == held.union(underWay.keys))
    }
}
