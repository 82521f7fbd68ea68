import Testing
import WorkerProtocol

@testable import Warren

/// The bookkeeping of lanes at times that the test sets.
struct BatchRipenessTests {
    private static let start = ContinuousClock.now

    private static func pending(_ number: UInt64, at milliseconds: Int) throws -> PendingInvocation {
        let bytes = TestInvocation.bytes([], number: number, timeout: 1000)
        return PendingInvocation(
            received: try TestInvocation.received(bytes),
            deadline: Self.start + .milliseconds(milliseconds + 1000)
        )
    }

    /// A table of batches of three that wait 100 ms, with invocations that came at the given milliseconds.
    private static func table(_ arrivals: [Int], concurrency: Int = 8) throws -> LaneTable {
        var table = LaneTable(
            concurrency: concurrency,
            batching: BatchRule(size: 3, wait: .milliseconds(100))
        )
        for (index, arrival) in arrivals.enumerated() {
            table.enqueue(try Self.pending(UInt64(index + 1), at: arrival))
        }
        return table
    }

    private static func time(_ milliseconds: Int) -> ContinuousClock.Instant {
        Self.start + .milliseconds(milliseconds)
    }

    /// How many lanes are called at a time.
    private static func lanes(_ table: LaneTable, at milliseconds: Int) -> Int {
        var table = table
        _ = table.call(upTo: 100, now: Self.time(milliseconds)) { _, _ in Task {} }
        return table.called
    }

    @Test func `a batch size of zero is no rule`() {
        #expect(BatchRule(size: 0, wait: .seconds(1)) == nil)
    }

    @Test func `as many lanes are called as there are full batches, and one for a rest that waited`() throws {
        #expect(Self.lanes(try Self.table([]), at: 1000) == 0)
        #expect(Self.lanes(try Self.table([0, 0]), at: 99) == 0)
        #expect(Self.lanes(try Self.table([0, 50]), at: 100) == 1)
        #expect(Self.lanes(try Self.table([0, 0, 0]), at: 0) == 1)
        #expect(Self.lanes(try Self.table([0, 0, 0, 50]), at: 100) == 1)
        #expect(Self.lanes(try Self.table([0, 0, 0, 50]), at: 150) == 2)
        #expect(Self.lanes(try Self.table([0, 0, 0, 0, 0, 0]), at: 0) == 2)
    }

    @Test func `a lane takes the oldest that make a batch and leaves an unripe rest`() throws {
        var table = try Self.table([0, 1, 2, 3])
        _ = table.call(upTo: 1, now: Self.time(3)) { _, _ in Task {} }
        table.arrived()
        guard case .runBatch(let batch, let deadline, let isLast) = table.step(0, now: Self.time(3)) else {
            Issue.record("a full batch waits")
            return
        }
        #expect(batch.map { $0.received.invocation } == [1, 2, 3])
        #expect(deadline == Self.time(1003), "counted from when it begins")
        #expect(isLast)
        #expect(table.waiting(Self.time(3)) == .time(Self.time(103)))
        #expect(table.nextDeadline == Self.time(1003))
        guard case .wait = table.step(0, now: Self.time(102)) else {
            Issue.record("the rest has not waited long enough")
            return
        }
        #expect(table.waiting(Self.time(103)) == .lane)
        guard case .runBatch(let rest, _, _) = table.step(0, now: Self.time(103)) else {
            Issue.record("the rest has waited long enough")
            return
        }
        #expect(rest.map { $0.received.invocation } == [4])
        #expect(table.waiting(Self.time(103)) == .nothing)
    }

    @Test func `at a drain everything is ripe`() throws {
        var table = try Self.table([0])
        #expect(!table.isReady(Self.time(1)))
        table.drain()
        #expect(table.isReady(Self.time(1)))
        #expect(Self.lanes(table, at: 1) == 1)
    }

    @Test func `any invocation of a batch has its lane stopped`() throws {
        var table = try Self.table([0, 0, 0])
        _ = table.call(upTo: 1, now: Self.time(0)) { _, _ in Task {} }
        table.arrived()
        _ = table.step(0, now: Self.time(0))
        #expect(table.retire(.host) { number, _ in number == 4 }.isEmpty)
        #expect(table.retire(.host) { number, _ in number == 3 }.count == 1)
        #expect(table.retire(.host) { number, _ in number == 1 }.isEmpty)
    }

    @Test func `without a rule each invocation is ready at once`() throws {
        var table = LaneTable(concurrency: 8)
        #expect(table.waiting(.now) == .nothing)
        for number in 1...3 as ClosedRange<UInt64> { table.enqueue(try Self.pending(number, at: 0)) }
        #expect(table.waiting(Self.time(0)) == .lane)
        #expect(Self.lanes(table, at: 0) == 3)
        _ = table.call(upTo: 1, now: Self.time(0)) { _, _ in Task {} }
        table.arrived()
        guard case .run(let first, let isLast) = table.step(0, now: Self.time(0)) else {
            Issue.record("an invocation waits")
            return
        }
        #expect(first.received.invocation == 1)
        #expect(!isLast)
    }
}
