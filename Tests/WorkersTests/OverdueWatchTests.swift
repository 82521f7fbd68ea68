import EventLoops
import Testing

@testable import Workers

struct OverdueWatchTests {
    @Test func `nothing is overdue before its time, and everything soon after`() throws {
        let loop = try EventLoop()
        let begun = ContinuousClock.now
        var watch: OverdueWatch?
        let made = OverdueWatch(limit: .milliseconds(80), loop: loop) {
            if watch?.isOverdue(1) == true { loop.stop() }
        }
        watch = made
        made.began(1)
        loop.run()
        #expect(ContinuousClock.now - begun >= .milliseconds(80))
        made.ended()
        watch = nil
    }

    @Test func `it rests when nothing runs`() throws {
        let loop = try EventLoop()
        var ticks = 0
        let watch = OverdueWatch(limit: .milliseconds(8), loop: loop) { ticks += 1 }
        watch.began(1)
        watch.ended()
        loop.schedule(after: .milliseconds(50)) { loop.stop() }
        loop.run()
        #expect(ticks == 0)
    }
}
