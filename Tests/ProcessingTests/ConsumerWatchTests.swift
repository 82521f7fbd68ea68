import Messaging
import Testing

@testable import Processing

struct ConsumerWatchTests {
    private static func inspection(ready: Int = 0, consumers: Int = 1) -> QueueInspection {
        QueueInspection(readyMessages: ready, consumers: consumers)
    }

    @Test func `a consumer that the broker does not know is dead at the second look`() {
        var watch = ConsumerWatch()
        #expect(watch.judge(Self.inspection(ready: 1, consumers: 0), isActive: true, mustProgress: false) == nil)
        #expect(watch.suspicions == 1)
        let verdict = watch.judge(Self.inspection(ready: 1, consumers: 0), isActive: true, mustProgress: false)
        #expect(verdict?.contains("no consumer") == true)
        #expect(watch.suspicions == 0, "the next one is judged anew")
    }

    @Test func `events that wait while none is delivered make it dead at the second look`() {
        var watch = ConsumerWatch()
        watch.progressed()
        #expect(watch.judge(Self.inspection(ready: 4), isActive: true, mustProgress: true) == nil)
        #expect(watch.suspicions == 0, "something was delivered since the last look")
        #expect(watch.judge(Self.inspection(ready: 4), isActive: true, mustProgress: true) == nil)
        let verdict = watch.judge(Self.inspection(ready: 4), isActive: true, mustProgress: true)
        #expect(verdict?.hasPrefix("4 events") == true)
    }

    @Test(arguments: [
        (ready: 0, consumers: 1, isActive: true, mustProgress: true),
        (ready: 9, consumers: 1, isActive: true, mustProgress: false),
        (ready: 9, consumers: 0, isActive: false, mustProgress: true),
        (ready: 0, consumers: 0, isActive: true, mustProgress: true),
    ])
    func `nothing to deliver, no room, no consumer of ours, or an answer that means unknown: never a suspicion`(
        look: (ready: Int, consumers: Int, isActive: Bool, mustProgress: Bool)
    ) {
        var watch = ConsumerWatch()
        for _ in 0..<10 {
            let inspection = Self.inspection(ready: look.ready, consumers: look.consumers)
            #expect(watch.judge(inspection, isActive: look.isActive, mustProgress: look.mustProgress) == nil)
            #expect(watch.suspicions == 0)
        }
    }

    @Test func `a good look, or a delivery, in between takes the suspicion away`() {
        var watch = ConsumerWatch()
        for _ in 0..<10 {
            #expect(watch.judge(Self.inspection(ready: 1, consumers: 0), isActive: true, mustProgress: false) == nil)
            #expect(watch.judge(Self.inspection(), isActive: true, mustProgress: false) == nil)
            #expect(watch.judge(Self.inspection(ready: 1, consumers: 0), isActive: true, mustProgress: false) == nil)
            watch.progressed()
        }
    }
}
