import Glibc
import Messaging
import PatientPolling
import SeededGeneration
import Testing

@testable import EventLoops

/// Those that ask for the end of a turn are visited at it, and nobody else is.
struct FlushTests {
    /// Collects, and does at its flush what the test says.
    private final class Collector: Flushable {
        var isToBeFlushed = false
        private(set) var visits = 0
        private(set) var unsent = 0
        var atFlush: () -> Void = {}

        func take(_ loop: EventLoop) {
            self.unsent += 1
            loop.flushAtTurnEnd(self)
        }

        func flush() {
            self.visits += 1
            self.unsent = 0
            self.atFlush()
        }
    }

    /// Ends a loop that would wait for ever; the test fails by what has not happened then.
    private static func limit(_ loop: EventLoop) { loop.schedule(after: Patience.usual) { loop.stop() } }

    @Test func `of five hundred that do nothing none is visited, and one that does is once a turn`() throws {
        let loop = try EventLoop()
        let idle = (0..<500).map { _ in Collector() }
        let busy = Collector()
        // Each has been at work once.
        for collector in idle { collector.take(loop) }
        var turns = 0
        func again() {
            turns += 1
            // Several times in one turn, as with events.
            for _ in 0..<10 { busy.take(loop) }
            if turns < 100 { loop.schedule(after: .zero, again) } else { loop.stop() }
        }
        loop.schedule(after: .zero, again)
        loop.run()
        #expect(busy.visits == 100)
        #expect(busy.unsent == 0)
        #expect(idle.allSatisfy { $0.visits == 1 })
    }

    @Test func `the flushes come after handlers and timers, in the order of asking, and before what ends every turn`()
        throws
    {
        let loop = try EventLoop()
        let collectors = (0..<3).map { _ in Collector() }
        var order: [String] = []
        for (index, collector) in collectors.enumerated() { collector.atFlush = { order.append("flush \(index)") } }
        loop.atTurnEnd {
            order.append("end")
            loop.stop()
        }
        loop.schedule(after: .zero) {
            order.append("timer")
            for index in [2, 0, 1, 0, 2] { collectors[index].take(loop) }
        }
        loop.run()
        #expect(order == ["timer", "flush 2", "flush 0", "flush 1", "end"])
    }

    @Test func `who asked before the loop ran is flushed in its first turn, without waiting for anything`() throws {
        let loop = try EventLoop()
        let collector = Collector()
        collector.atFlush = { loop.stop() }
        collector.take(loop)
        Self.limit(loop)
        loop.run()
        #expect(collector.visits == 1)
    }

    @Test func `who asks while others are flushed, or after, is flushed in the next turn, which comes at once`() throws
    {
        let loop = try EventLoop()
        let first = Collector()
        let second = Collector()
        var turns = 0
        var flushedIn: [Int] = []
        // The first makes work for the second and for itself.
        first.atFlush = {
            second.take(loop)
            if first.visits == 1 { first.take(loop) }
        }
        second.atFlush = { flushedIn.append(turns) }
        loop.atTurnEnd {
            turns += 1
            // And so does what comes after the flushes.
            if turns == 2 { second.take(loop) }
            if turns == 3 { loop.stop() }
        }
        first.take(loop)
        Self.limit(loop)
        loop.run()
        #expect(first.visits == 2)
        #expect(
            flushedIn == [1, 2],
            "in the second turn for the first flush, in the third for all that the second brought"
        )
        #expect(second.unsent == 0)
    }

    @Test func `flushes that make more work for ever keep no descriptor and no timer waiting`() throws {
        let loop = try EventLoop()
        let collector = Collector()
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        var heard: Set<String> = []
        func hear(_ what: String) {
            heard.insert(what)
            if heard.count == 2 { loop.stop() }
        }
        collector.atFlush = { if collector.visits < 1_000_000 { collector.take(loop) } else { loop.stop() } }
        collector.take(loop)
        loop.watch(ends[0]) { _ in
            loop.unwatch(ends[0])
            hear("descriptor")
        }
        loop.schedule(after: .milliseconds(1)) { hear("timer") }
        _ = write(ends[1], "x", 1)
        loop.run()
        #expect(heard == ["descriptor", "timer"])
    }

    @Test func `one that nobody holds any more is flushed all the same, and let go then`() throws {
        let loop = try EventLoop()
        weak var held: Collector?
        var visits = 0
        do {
            let collector = Collector()
            collector.atFlush = {
                visits += 1
                loop.stop()
            }
            held = collector
            collector.take(loop)
        }
        Self.limit(loop)
        loop.run()
        #expect(visits == 1)
        #expect(held == nil)
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `whenever somebody asks, nothing stays unsent, and nobody is visited without having asked`(seed: UInt64) throws
    {
        var random = SeededGenerator(seed: seed)
        let loop = try EventLoop()
        let collectors = (0..<8).map { _ in Collector() }
        var left = 200
        var asked = 0
        func ask() {
            guard left > 0, let collector = collectors.randomElement(using: &random) else { return }
            left -= 1
            if !collector.isToBeFlushed { asked += 1 }
            collector.take(loop)
        }
        for collector in collectors { collector.atFlush = { if Bool.random(using: &random) { ask() } } }
        func timer() {
            for _ in 0..<Int.random(in: 0..<4, using: &random) { ask() }
            if left > 0 { loop.schedule(after: .milliseconds(Int.random(in: 0..<2, using: &random)), timer) }
        }
        ask()
        loop.schedule(after: .zero, timer)
        loop.atTurnEnd {
            if Int.random(in: 0..<4, using: &random) == 0 { ask() }
            if left == 0, collectors.allSatisfy({ $0.unsent == 0 }) { loop.stop() }
        }
        Self.limit(loop)
        loop.run()
        #expect(collectors.map(\.unsent).allSatisfy { $0 == 0 })
        #expect(collectors.map(\.visits).reduce(0, +) == asked)
    }
}
