import Testing

@testable import AMQP

extension AckLedger {
    fileprivate mutating func takePrefix() -> (tag: UInt64, isMultiple: Bool)? {
        var told: (UInt64, Bool)?
        self.tellPrefix { tag, isMultiple in
            told = (tag, isMultiple)
            return true
        }
        return told
    }

    fileprivate mutating func takeStragglers() -> [UInt64] {
        var told: [UInt64] = []
        self.tellStragglers { tag in
            told.append(tag)
            return true
        }
        return told
    }
}

struct AckLedgerTests {
    /// What a broker knows of a channel: it refuses a tag that it does not wait for.
    private struct Channel {
        var unsettled: Set<UInt64> = []
        var settled: Set<UInt64> = []

        mutating func acknowledge(_ tag: UInt64, multiple: Bool) {
            #expect(self.unsettled.contains(tag), "tag \(tag) is unknown or settled already")
            let tags = multiple ? self.unsettled.filter { $0 <= tag } : [tag]
            self.unsettled.subtract(tags)
            self.settled.formUnion(tags)
        }
    }

    @Test(arguments: 0..<200)
    func `no tag is told twice, and none that is not settled`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var ledger = AckLedger()
        var channel = Channel()
        var running: [UInt64] = []
        var finished: Set<UInt64> = []
        var next: UInt64 = 1
        func flush(withStragglers: Bool) {
            if let prefix = ledger.takePrefix() { channel.acknowledge(prefix.tag, multiple: prefix.isMultiple) }
            if withStragglers { for tag in ledger.takeStragglers() { channel.acknowledge(tag, multiple: false) } }
            #expect(channel.settled.isSubset(of: finished), "something that still runs was acknowledged")
        }
        for _ in 0..<400 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<4:
                ledger.delivered(next)
                channel.unsettled.insert(next)
                running.append(next)
                next += 1
            case 4..<8:
                guard let index = running.indices.randomElement(using: &random) else { continue }
                let tag = running.remove(at: index)
                finished.insert(tag)
                if Bool.random(using: &random) {
                    #expect(ledger.acknowledge(tag) == true)
                } else {
                    #expect(ledger.tell(tag) == true)
                    channel.acknowledge(tag, multiple: false)
                }
                #expect(ledger.acknowledge(tag) == false, "settled twice")
                #expect(ledger.tell(tag) == false, "settled twice")
            case 8: flush(withStragglers: false)
            default: flush(withStragglers: Bool.random(using: &random))
            }
            #expect(ledger.outstanding == running.count)
        }
        flush(withStragglers: true)
        #expect(channel.settled == finished)
        #expect(channel.unsettled == Set(running))
        #expect(ledger.untold == 0)
    }

    @Test func `a settled prefix goes out as one acknowledgement`() {
        var ledger = AckLedger()
        for tag: UInt64 in 1...5 { ledger.delivered(tag) }
        for tag: UInt64 in [3, 1, 2, 5] { #expect(ledger.acknowledge(tag) == true) }
        let prefix = ledger.takePrefix()
        #expect(prefix?.tag == 3)
        #expect(prefix?.isMultiple == true)
        #expect(ledger.takePrefix() == nil)
        #expect(ledger.untold == 1)
        #expect(ledger.takeStragglers() == [5])
        #expect(ledger.acknowledge(4) == true)
        #expect(ledger.takePrefix()?.tag == 4, "5 was told before and is not named again")
    }

    @Test func `tags that were never delivered are not acknowledged`() {
        var ledger = AckLedger()
        #expect(ledger.acknowledge(0) == false)
        #expect(ledger.acknowledge(1) == false)
        ledger.delivered(1)
        for tag in [0, 2, UInt64.max] { #expect(ledger.acknowledge(tag) == false) }
        #expect(ledger.takePrefix() == nil)
        #expect(ledger.outstanding == 1)
    }

    @Test func `a long life keeps little`() {
        var ledger = AckLedger()
        for tag: UInt64 in 1...20_000 {
            ledger.delivered(tag)
            if tag > 100 {
                #expect(ledger.acknowledge(tag - 100) == true)
                #expect(ledger.takePrefix()?.tag == tag - 100)
            }
        }
        #expect(ledger.outstanding == 100)
    }

    @Test func `what could not be sent stays untold, and is named at the end`() {
        var ledger = AckLedger()
        for tag: UInt64 in 1...8 { ledger.delivered(tag) }
        for tag: UInt64 in [8, 6, 5, 1, 2] { #expect(ledger.acknowledge(tag) == true) }
        #expect(ledger.tell(3) == true)
        ledger.tellPrefix { tag, isMultiple in
            #expect(tag == 2)
            #expect(isMultiple)
            return false
        }
        #expect(ledger.untold == 5)
        ledger.tellPrefix { _, _ in true }
        #expect(ledger.untold == 3)
        var tried: [UInt64] = []
        ledger.tellStragglers { tag in
            tried.append(tag)
            return tag == 5
        }
        #expect(tried == [5, 6], "the connection that failed is not tried again")
        #expect(ledger.untold == 2)
        #expect(ledger.outstanding == 2)
        #expect(ledger.end() == [6, 8])
        #expect(ledger.untold == 0)
        #expect(ledger.outstanding == 0)
        #expect(ledger.acknowledge(4) == false, "its tag is void")
        #expect(ledger.end() == [])
    }

    @Test(arguments: 0..<200)
    func `over every failure each acknowledged tag is told once or named at the end`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var ledger = AckLedger()
        var channel = Channel()
        var acknowledged: Set<UInt64> = []
        for tag: UInt64 in 1...300 {
            ledger.delivered(tag)
            channel.unsettled.insert(tag)
            if let other = (1...tag).randomElement(using: &random), ledger.acknowledge(other) {
                acknowledged.insert(other)
            }
            guard Int.random(in: 0..<4, using: &random) == 0 else { continue }
            ledger.tellPrefix { tag, isMultiple in
                guard Bool.random(using: &random) else { return false }
                channel.acknowledge(tag, multiple: isMultiple)
                return true
            }
            guard Bool.random(using: &random) else { continue }
            ledger.tellStragglers { tag in
                guard Bool.random(using: &random) else { return false }
                channel.acknowledge(tag, multiple: false)
                return true
            }
        }
        let untold = ledger.end()
        #expect(untold == acknowledged.subtracting(channel.settled).sorted())
        #expect(channel.settled.isSubset(of: acknowledged))
    }
}
