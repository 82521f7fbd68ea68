import Testing

@testable import Polling

struct TimerQueueTests {
    /// Random numbers that are the same in every run.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            self.state = self.state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return self.state ^ (self.state >> 29)
        }
    }

    private final class Ran {
        var names: [Int] = []
    }

    @Test(arguments: 0..<50)
    func `whatever is scheduled and cancelled, the rest runs sorted by deadline and making`(seed: UInt64) {
        var random = Numbers(state: seed)
        var queue = TimerQueue()
        let ran = Ran()
        let now = ContinuousClock.now
        var expected: [(deadline: Int, name: Int, id: TimerID)] = []
        for name in 0..<200 {
            let deadline = Int.random(in: 0..<20, using: &random)
            let id = queue.schedule(at: now + .milliseconds(deadline)) { ran.names.append(name) }
            expected.append((deadline, name, id))
            if Bool.random(using: &random), let index = expected.indices.randomElement(using: &random) {
                queue.cancel(expected.remove(at: index).id)
            }
        }
        while let body = queue.popDue(at: now + .milliseconds(9)) { body() }
        let due = expected.filter { $0.deadline <= 9 }.sorted { ($0.deadline, $0.name) < ($1.deadline, $1.name) }
        #expect(ran.names == due.map(\.name))
        #expect(queue.isEmpty == (due.count == expected.count))
    }

    @Test func `the wait is rounded up, so that the timer is due after it`() {
        var queue = TimerQueue()
        #expect(queue.millisecondsToNext() == -1)
        _ = queue.schedule(at: .now - .seconds(1)) {}
        #expect(queue.millisecondsToNext() == 0)
        var far = TimerQueue()
        _ = far.schedule(at: .now + .seconds(100 * 86_400)) {}
        #expect(far.millisecondsToNext() == Int32.max, "a wait beyond what epoll takes is cut, not wrapped")
    }
}
