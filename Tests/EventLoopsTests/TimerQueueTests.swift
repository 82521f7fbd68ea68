import Messaging
import SeededGeneration
import Testing

@testable import EventLoops

struct TimerQueueTests {
    private final class Ran {
        var names: [Int] = []
    }

    /// Timers as a sorted list, the slow way that nobody doubts.
    private struct SortedList {
        private(set) var timers: [(deadline: Int, name: Int)] = []

        mutating func schedule(_ name: Int, at deadline: Int) {
            self.timers.append((deadline, name))
            self.timers.sort { ($0.deadline, $0.name) < ($1.deadline, $1.name) }
        }

        mutating func cancel(_ name: Int) { self.timers.removeAll { $0.name == name } }

        mutating func popDue(at now: Int) -> Int? {
            guard let first = self.timers.first, first.deadline <= now else { return nil }
            return self.timers.removeFirst().name
        }
    }

    @Test(arguments: 0..<100)
    func `whatever is scheduled, cancelled and run, it is as with a sorted list`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let begin = ContinuousClock.now
        var queue = TimerQueue()
        var list = SortedList()
        let ran = Ran()
        var ids: [TimerID] = []
        var now = 0
        // Some histories cancel most of what they schedule, some hardly anything.
        let cancels = Int.random(in: 0...3, using: &random)
        for _ in 0..<400 {
            switch Int.random(in: 0..<4 + cancels, using: &random) {
            case 0, 1:
                let deadline = now + Int.random(in: -2..<20, using: &random)
                let name = ids.count
                ids.append(queue.schedule(at: begin + .milliseconds(deadline)) { ran.names.append(name) })
                list.schedule(name, at: deadline)
            case 2:
                // Nothing moves the clock as far as this does, so that what is due is found behind what was cancelled.
                _ = queue.millisecondsToNext()
                now += Int.random(in: 0..<3, using: &random)
            case 3:
                ran.names.removeAll()
                queue.popDue(at: begin + .milliseconds(now))?()
                #expect(ran.names == [list.popDue(at: now)].compactMap { $0 })
            default:
                // One that has run or was cancelled, too.
                guard let name = ids.indices.randomElement(using: &random) else { break }
                queue.cancel(ids[name])
                list.cancel(name)
            }
            #expect(queue.isEmpty == list.timers.isEmpty)
            #expect(queue.span <= 2 * list.timers.count)
        }
        ran.names.removeAll()
        while let body = queue.popDue(at: begin + .seconds(60)) { body() }
        #expect(ran.names == list.timers.map(\.name))
        #expect(queue.isEmpty)
    }

    @Test func `what was cancelled keeps neither its place nor what its body holds`() {
        var queue = TimerQueue()
        weak var held: Ran?
        var ids: [TimerID] = []
        do {
            let ran = Ran()
            held = ran
            ids = (0..<1000).map { name in queue.schedule(at: .now + .seconds(name)) { ran.names.append(name) } }
        }
        for id in ids.dropFirst() { queue.cancel(id) }
        #expect(queue.span <= 2)
        #expect(held != nil)
        queue.cancel(ids[0])
        #expect(held == nil)
        #expect(queue.span == 0)
        #expect(queue.millisecondsToNext() == -1)
    }

    @Test func `the wait is that of the first timer that was not cancelled`() {
        var queue = TimerQueue()
        let first = queue.schedule(at: .now - .seconds(1)) {}
        for hours in 1...3 { _ = queue.schedule(at: .now + .seconds(hours * 3600)) {} }
        #expect(queue.millisecondsToNext() == 0)
        queue.cancel(first)
        #expect(queue.span == 4, "it is passed over, not searched for")
        #expect((1...3_600_001).contains(queue.millisecondsToNext()))
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
