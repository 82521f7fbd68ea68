import Invoking
import Testing

@testable import Workers

struct PoolStateTests {
    /// With its workers ready, numbered from 1.
    private static func pool(_ size: Int, recycleAfter: Int? = nil, random: Double = 0.5) -> PoolState {
        var pool = PoolState(size: size, recycleAfter: recycleAfter)
        _ = pool.start()
        for number in 1...size { _ = pool.ready(number, random: random) }
        return pool
    }

    private static func die(
        _ pool: inout PoolState,
        _ number: Int,
        overdue: Set<InvocationID> = []
    ) -> [PoolState.Action] {
        pool.ended(number, hasAnswered: true) { overdue.contains($0) }
    }

    // MARK: - Coming up

    @Test func `it starts as many workers as it has, and is available with the first that is ready`() {
        var pool = PoolState(size: 3)
        #expect(pool.start() == [.spawn(1, .serving), .spawn(2, .serving), .spawn(3, .serving)])
        #expect(!pool.isAvailable)
        #expect(pool.ready(2, random: 0) == [.available])
        #expect(pool.ready(1, random: 0) == [])
        #expect(pool.isAvailable)
    }

    @Test func `what comes before any worker is ready waits, and goes out in its order`() {
        var pool = PoolState(size: 1)
        _ = pool.start()
        for id in InvocationID.each(1...3) { #expect(pool.invoke(id) == nil) }
        #expect(pool.ready(1, random: 0) == [.send(1, to: 1), .send(2, to: 1), .send(3, to: 1), .available])
        #expect(pool.running == 3 && pool.pending == 3)
    }

    @Test func `work goes to the worker with the least to do`() {
        var pool = Self.pool(2)
        #expect(pool.invoke(1) == 1)
        #expect(pool.invoke(2) == 2)
        #expect(pool.invoke(3) == 1)
        #expect(pool.answered(2, by: 2) == true)
        #expect(pool.invoke(4) == 2)
        #expect(pool.invoke(5) == 2)
    }

    @Test func `a worker that cannot start is started again after a pause, and nothing was run`() {
        var pool = PoolState(size: 1)
        _ = pool.start()
        _ = pool.invoke(1)
        #expect(Self.die(&pool, 1) == [.unavailable(notRun: [1]), .spawnLater(.serving)])
        #expect(!pool.isAvailable)
        #expect(pool.respawn(.serving) == [.spawn(2, .serving)])
        #expect(pool.ready(2, random: 0) == [.available])
    }

    @Test func `one that was ready, answered nothing and dies over nothing has not started either`() {
        var pool = Self.pool(1)
        #expect(pool.ended(1, hasAnswered: false) { _ in false } == [.unavailable(notRun: []), .spawnLater(.serving)])
    }

    @Test func `as long as another worker serves, one that cannot start makes nothing unavailable`() {
        var pool = PoolState(size: 2)
        _ = pool.start()
        _ = pool.ready(1, random: 0)
        #expect(Self.die(&pool, 2) == [.spawnLater(.serving)])
        #expect(pool.isAvailable)
    }

    // MARK: - Whose fault it was

    @Test func `one that was alone with its worker is charged for its death`() {
        var pool = Self.pool(1)
        _ = pool.invoke(1)
        #expect(Self.die(&pool, 1) == [.died, .crashed(1), .spawnLater(.serving)])
        #expect(pool.pending == 0)
        #expect(pool.isAvailable, "it dies over its work, which says nothing about starting")
    }

    @Test func `a worker that has answered and dies over nothing charges nobody`() {
        var pool = Self.pool(1)
        #expect(Self.die(&pool, 1) == [.died, .spawnLater(.serving)])
    }

    @Test func `several are suspects, which run one at a time in a worker of their own beside the others`() {
        var pool = Self.pool(2)
        for id in InvocationID.each(1...6) { _ = pool.invoke(id) }
        #expect(Self.die(&pool, 1) == [.died, .spawnLater(.serving), .spawn(3, .quarantine)])
        #expect(Array(pool.suspects) == [1, 3, 5])
        #expect(pool.invoke(7) == 2, "the others go on")
        #expect(pool.ready(3, random: 0) == [.send(1, to: 3)])
        #expect(pool.invoke(8) == 2, "the quarantine gets no ordinary work")
        #expect(pool.answered(1, by: 3) == true)
        #expect(pool.rested(3) == [.send(3, to: 3)])
        // It was alone, but not the first in that worker.
        #expect(Self.die(&pool, 3) == [.died, .spawn(4, .quarantine)])
        #expect(pool.ready(4, random: 0) == [.send(3, to: 4)])
        #expect(Self.die(&pool, 4) == [.died, .crashed(3), .spawn(5, .quarantine)], "the culprit")
        #expect(pool.ready(5, random: 0) == [.send(5, to: 5)])
        #expect(pool.answered(5, by: 5) == true)
        #expect(pool.rested(5) == [.drain(5)], "it goes when it has nothing left to do")
        #expect(pool.ended(5, hasAnswered: true) { _ in false } == [])
        #expect(pool.pending == 5)
    }

    @Test func `suspects that come while the quarantine runs are next in it`() {
        var pool = Self.pool(2)
        for id in InvocationID.each(1...4) { _ = pool.invoke(id) }
        _ = Self.die(&pool, 1)
        _ = pool.ready(3, random: 0)
        #expect(Self.die(&pool, 2) == [.died, .spawnLater(.serving)], "there is one quarantine")
        #expect(Array(pool.suspects) == [3, 2, 4])
    }

    @Test func `suspects that come while the quarantine is ending get another one`() {
        var pool = Self.pool(2)
        for id in InvocationID.each(1...4) { _ = pool.invoke(id) }
        _ = Self.die(&pool, 1)
        _ = pool.ready(3, random: 0)
        for id in [1, 3] as [InvocationID] {
            #expect(pool.answered(id, by: 3) == true)
            _ = pool.rested(3)
        }
        #expect(Self.die(&pool, 2) == [.died, .spawnLater(.serving), .spawn(4, .quarantine)])
    }

    @Test func `a quarantine that cannot start is tried again after a pause, once, while suspects wait`() {
        var pool = Self.pool(2)
        for id in InvocationID.each(1...4) { _ = pool.invoke(id) }
        _ = Self.die(&pool, 1)
        #expect(Self.die(&pool, 3) == [.spawnLater(.quarantine)])
        #expect(Self.die(&pool, 2).contains(.spawn(4, .quarantine)) == false, "its pause is not over")
        #expect(pool.respawn(.quarantine) == [.spawn(4, .quarantine)])
    }

    @Test func `with no worker left a quarantine that cannot start hands its suspects back`() {
        var pool = Self.pool(1)
        for id in InvocationID.each(1...2) { _ = pool.invoke(id) }
        _ = Self.die(&pool, 1)
        #expect(Self.die(&pool, 2) == [.unavailable(notRun: [1, 2]), .spawnLater(.quarantine)])
        #expect(pool.respawn(.quarantine) == [], "nobody is suspected any more")
    }

    @Test func `of a worker that was ended because one hung, that one is timed out and the others are next`() {
        var pool = Self.pool(1)
        for id in InvocationID.each(1...3) { _ = pool.invoke(id) }
        #expect(Self.die(&pool, 1, overdue: [2]) == [.died, .timedOut(2), .spawnLater(.serving)])
        #expect(pool.suspects.isEmpty)
        _ = pool.invoke(4)
        _ = pool.respawn(.serving)
        #expect(pool.ready(2, random: 0) == [.send(1, to: 2), .send(3, to: 2), .send(4, to: 2)])
    }

    @Test func `another worker takes them up at once`() {
        var pool = Self.pool(2)
        for id in InvocationID.each(1...4) { _ = pool.invoke(id) }
        #expect(
            Self.die(&pool, 1, overdue: [1]) == [.died, .timedOut(1), .spawnLater(.serving), .send(3, to: 2)]
        )
    }

    @Test func `a suspect that hangs alone is timed out, not crashed`() {
        var pool = Self.pool(1)
        for id in InvocationID.each(1...2) { _ = pool.invoke(id) }
        _ = Self.die(&pool, 1)
        _ = pool.ready(2, random: 0)
        #expect(Self.die(&pool, 2, overdue: [1]) == [.died, .timedOut(1), .spawn(3, .quarantine)])
    }

    // MARK: - Answers

    @Test func `an answer counts once, from the worker that ran it, and by its whole id`() {
        var pool = Self.pool(2)
        let id = InvocationID(run: 1, place: 7)
        #expect(pool.invoke(id) == 1)
        #expect(pool.answered(id, by: 2) == false)
        #expect(pool.answered(InvocationID(run: 2, place: 7), by: 1) == false)
        #expect(pool.answered(id, by: 1) == true)
        #expect(pool.answered(id, by: 1) == false)
        #expect(pool.running == 0)
    }

    @Test func `what waits is taken back, and what runs is not`() {
        var pool = Self.pool(2)
        for id in InvocationID.each(1...4) { _ = pool.invoke(id) }
        _ = Self.die(&pool, 1)
        _ = Self.die(&pool, 2, overdue: [4])
        _ = pool.invoke(5)
        #expect(Set(pool.withdraw()) == [1, 2, 3, 5])
        #expect(pool.pending == 0)
        #expect(pool.withdraw() == [])
        #expect(pool.ready(3, random: 0) == [.drain(3)], "the quarantine has nothing to do")
    }

    // MARK: - Replacing

    @Test func `a worker that is to go serves until its replacement is ready`() {
        var pool = Self.pool(1)
        _ = pool.invoke(1)
        #expect(pool.recycle(1) == [.spawn(2, .replacement(of: 1))])
        #expect(pool.recycle(1) == [], "once")
        #expect(pool.invoke(2) == 1)
        #expect(pool.ready(2, random: 0) == [.drain(1)])
        #expect(pool.invoke(3) == 2)
        #expect(pool.answered(1, by: 1) == true)
        #expect(pool.answered(2, by: 1) == true)
        #expect(Self.die(&pool, 1) == [], "it has done what it should")
        #expect(pool.isAvailable)
    }

    @Test func `a replacement that cannot start is tried again after a pause, and the old one goes on`() {
        var pool = Self.pool(1)
        _ = pool.invoke(1)
        _ = pool.recycle(1)
        #expect(Self.die(&pool, 2) == [.spawnLater(.replacement(of: 1))])
        #expect(pool.invoke(2) == 1)
        #expect(pool.respawn(.replacement(of: 1)) == [.spawn(3, .replacement(of: 1))])
        #expect(pool.ready(3, random: 0) == [.drain(1)])
    }

    @Test func `when the old one dies first, the replacement takes its place and no other is started`() {
        var pool = Self.pool(1)
        _ = pool.invoke(1)
        _ = pool.recycle(1)
        #expect(Self.die(&pool, 1) == [.died, .crashed(1)])
        #expect(pool.role(of: 2) == .serving)
        _ = pool.invoke(2)
        #expect(pool.ready(2, random: 0) == [.send(2, to: 2)])
    }

    @Test func `a replacement whose pause is over when the old one is gone is not started`() {
        var pool = Self.pool(1)
        _ = pool.invoke(1)
        _ = pool.recycle(1)
        _ = Self.die(&pool, 2)
        #expect(Self.die(&pool, 1) == [.died, .crashed(1), .spawnLater(.serving)])
        #expect(pool.respawn(.replacement(of: 1)) == [])
        #expect(pool.respawn(.serving) == [.spawn(3, .serving)])
    }

    @Test func `one that is unused is replaced for its age only`() {
        var pool = Self.pool(1)
        #expect(pool.recycle(1) == [])
        #expect(pool.recycle(1, evenUnused: true) == [.spawn(2, .replacement(of: 1))])
        #expect(pool.recycle(2) == [], "not before it serves")
    }

    @Test(arguments: [(0.0, 9), (0.5, 10), (0.999, 10)])
    func `a worker that has been given so many, a tenth more or less, is replaced`(random: Double, limit: Int) {
        var pool = Self.pool(1, recycleAfter: 10, random: random)
        for id in InvocationID.each(1...20) {
            #expect(pool.invoke(id) == 1)
            #expect(pool.answered(id, by: 1) == true)
            #expect(pool.rested(1) == (id.rawValue == UInt64(limit) ? [.spawn(2, .replacement(of: 1))] : []))
        }
    }

    @Test func `what a worker that was told to go loses in its death is judged, and it is not replaced`() {
        var pool = Self.pool(1)
        for id in InvocationID.each(1...2) { _ = pool.invoke(id) }
        _ = pool.recycle(1)
        _ = pool.ready(2, random: 0)
        #expect(Self.die(&pool, 1) == [.died, .spawn(3, .quarantine)])
        #expect(Array(pool.suspects) == [1, 2])
    }

    @Test func `a worker that is given up gets nothing more, and is replaced when it has ended`() {
        var pool = Self.pool(2)
        #expect(pool.invoke(1) == 1)
        pool.condemn(1)
        #expect(pool.invoke(2) == 2)
        #expect(pool.invoke(3) == 2, "the other one has less to do, but will not live to do it")
        #expect(pool.rested(1) == [])
        #expect(Self.die(&pool, 1) == [.died, .crashed(1), .spawnLater(.serving)])
    }

    @Test func `a quarantine that is given up gets no other suspect, and another one does`() {
        var pool = Self.pool(1)
        for id in InvocationID.each(1...2) { _ = pool.invoke(id) }
        _ = Self.die(&pool, 1)
        #expect(pool.ready(2, random: 0) == [.send(1, to: 2)])
        #expect(pool.answered(1, by: 2) == true)
        pool.condemn(2)
        #expect(pool.rested(2) == [])
        #expect(Self.die(&pool, 2) == [.died, .spawn(3, .quarantine)])
        #expect(pool.ready(3, random: 0) == [.send(2, to: 3)])
    }

    @Test func `the last of several that a given up worker ran is not charged for the others`() {
        var pool = Self.pool(1)
        for id in InvocationID.each(1...2) { _ = pool.invoke(id) }
        pool.condemn(1)
        #expect(pool.answered(1, by: 1) == true)
        #expect(Self.die(&pool, 1) == [.died, .spawnLater(.serving), .spawn(2, .quarantine)])
        #expect(Array(pool.suspects) == [2])
    }

    // MARK: - End

    @Test func `told to stop, all workers are drained, those that come are too, and none is replaced`() {
        var pool = PoolState(size: 2)
        _ = pool.start()
        _ = pool.ready(1, random: 0)
        #expect(pool.stop() == [.drain(1), .drain(2)])
        #expect(pool.ready(2, random: 0) == [.drain(2)])
        #expect(Self.die(&pool, 1) == [])
        #expect(Self.die(&pool, 2) == [])
        #expect(pool.isEmpty)
        for role in [PoolState.Role.serving, .quarantine, .replacement(of: 1)] { #expect(pool.respawn(role) == []) }
        #expect(pool.stop() == [])
    }

    @Test func `news of a worker that is gone changes nothing`() {
        var pool = Self.pool(1)
        #expect(pool.ready(9, random: 0) == [])
        #expect(pool.rested(9) == [])
        #expect(pool.recycle(9) == [])
        #expect(Self.die(&pool, 9) == [])
        #expect(pool.answered(1, by: 9) == false)
    }
}
