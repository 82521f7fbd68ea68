import Glibc
import Testing

@testable import EventLoops

struct EventLoopTests {
    /// Two ends of a pipe, closed with it.
    private final class Pipe {
        let readEnd: Int32
        let writeEnd: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { throw SystemError("pipe") }
            (self.readEnd, self.writeEnd) = (ends[0], ends[1])
        }

        func write() { _ = Glibc.write(self.writeEnd, "x", 1) }

        func drain() {
            var byte: UInt8 = 0
            _ = read(self.readEnd, &byte, 1)
        }

        deinit {
            close(self.readEnd)
            close(self.writeEnd)
        }
    }

    @Test func `timers run in the order of their deadlines, equal ones in that of their making`() throws {
        let loop = try EventLoop()
        var ran: [String] = []
        loop.schedule(after: .milliseconds(30)) {
            ran.append("last")
            loop.stop()
        }
        loop.schedule(after: .milliseconds(1)) { ran.append("first") }
        loop.schedule(after: .milliseconds(15)) { ran.append("second") }
        loop.schedule(after: .milliseconds(15)) { ran.append("third") }
        loop.run()
        #expect(ran == ["first", "second", "third", "last"])
    }

    @Test func `a timer never runs before its time`() throws {
        let loop = try EventLoop()
        let start = ContinuousClock.now
        var early: [Duration] = []
        for milliseconds in 1...20 {
            loop.schedule(after: .milliseconds(milliseconds)) {
                let passed = ContinuousClock.now - start
                if passed < .milliseconds(milliseconds) { early.append(passed) }
                if milliseconds == 20 { loop.stop() }
            }
        }
        loop.run()
        #expect(early == [])
    }

    @Test func `a cancelled timer does not run, even when one due at the same time cancels it`() throws {
        let loop = try EventLoop()
        var ran: [String] = []
        var second: TimerID?
        let never = loop.schedule(after: .zero) { ran.append("never") }
        loop.cancel(never)
        loop.schedule(after: .milliseconds(1)) {
            ran.append("first")
            if let second { loop.cancel(second) }
        }
        second = loop.schedule(after: .milliseconds(1)) { ran.append("second") }
        loop.schedule(after: .milliseconds(20)) { loop.stop() }
        loop.run()
        #expect(ran == ["first"])
    }

    @Test func `a timer that schedules itself for at once does not starve descriptors`() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        var turns = 0
        func again() {
            turns += 1
            if turns < 10_000 { loop.schedule(after: .zero, again) } else { loop.stop() }
        }
        loop.watch(pipe.readEnd) { _ in loop.stop() }
        loop.schedule(after: .zero, again)
        pipe.write()
        loop.run()
        #expect(turns < 10_000, "the descriptor never got its turn")
    }

    @Test func `what a turn unwatches is not called any more in that turn, nor what takes its number`() throws {
        let loop = try EventLoop()
        let first = try Pipe()
        let second = try Pipe()
        var called: [String] = []
        for (name, own, other) in [("first", first, second), ("second", second, first)] {
            loop.watch(own.readEnd) { _ in
                called.append(name)
                // The number is watched again for somebody else, of whom nothing has been read yet.
                loop.unwatch(other.readEnd)
                other.drain()
                loop.watch(other.readEnd) { _ in called.append("stale") }
                loop.unwatch(own.readEnd)
                loop.schedule(after: .milliseconds(5)) { loop.stop() }
            }
            own.write()
        }
        loop.run()
        #expect(called.count == 1)
        #expect(called.first != "stale")
    }

    @Test func `a descriptor that is watched during a turn is heard in the next`() throws {
        let loop = try EventLoop()
        let first = try Pipe()
        let second = try Pipe()
        var heard = false
        loop.watch(first.readEnd) { _ in
            first.drain()
            second.write()
            loop.watch(second.readEnd) { _ in
                heard = true
                loop.stop()
            }
        }
        first.write()
        loop.run()
        #expect(heard)
    }

    @Test func `the end of a turn comes after its handlers and timers`() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        var order: [String] = []
        loop.atTurnEnd {
            if order == ["handler", "timer"] {
                order.append("end")
                loop.stop()
            }
        }
        loop.watch(pipe.readEnd) { _ in
            pipe.drain()
            order.append("handler")
            loop.schedule(after: .zero) { order.append("timer") }
        }
        pipe.write()
        loop.run()
        #expect(order == ["handler", "timer", "end"])
    }

    @Test func `a hang-up counts as readable and writable`() throws {
        let loop = try EventLoop()
        var sockets: [Int32] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &sockets) == 0)
        defer { close(sockets[0]) }
        var seen: EventLoop.Readiness?
        loop.watch(sockets[0]) { readiness in
            seen = readiness
            loop.unwatch(sockets[0])
            loop.stop()
        }
        close(sockets[1])
        loop.run()
        #expect(seen?.isReadable == true)
        #expect(seen?.isWritable == true)
    }

    @Test func `writing is reported only while it is asked for`() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        var writable = 0
        loop.watch(pipe.writeEnd) { readiness in
            if readiness.isWritable { writable += 1 }
            loop.setWriting(false, of: pipe.writeEnd)
        }
        loop.schedule(after: .milliseconds(5)) { loop.setWriting(true, of: pipe.writeEnd) }
        loop.schedule(after: .milliseconds(30)) { loop.stop() }
        loop.run()
        #expect(writable == 1)
    }

    @Test func `what is not read for now is told when it is read again`() throws {
        let loop = try EventLoop()
        let pipe = try Pipe()
        var resumed = false
        var told: [Bool] = []
        loop.watch(pipe.readEnd) { _ in
            told.append(resumed)
            loop.stop()
        }
        loop.setReading(false, of: pipe.readEnd)
        pipe.write()
        loop.schedule(after: .milliseconds(20)) {
            resumed = true
            loop.setReading(true, of: pipe.readEnd)
        }
        loop.run()
        #expect(told == [true])
        loop.unwatch(pipe.readEnd)
    }
}
