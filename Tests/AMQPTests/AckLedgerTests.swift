import Messaging
import SeededGeneration
import Testing

@testable import AMQP

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
        var random = SeededGenerator(seed: seed)
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
        #expect(ledger.unsent == 0)
    }

    @Test func `a settled prefix goes out as one acknowledgement`() {
        var ledger = AckLedger()
        for tag: UInt64 in 1...5 { ledger.delivered(tag) }
        for tag: UInt64 in [3, 1, 2, 5] { #expect(ledger.acknowledge(tag) == true) }
        let prefix = ledger.takePrefix()
        #expect(prefix?.tag == 3)
        #expect(prefix?.isMultiple == true)
        #expect(ledger.takePrefix() == nil)
        #expect(ledger.unsent == 1)
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
}
