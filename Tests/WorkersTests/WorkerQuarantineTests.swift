import EventLoops
import Foundation
import Invoking
import Messaging
import Testing

@testable import Workers

/// Who is charged for the death of a real worker.
@Suite(.serialized)
struct WorkerQuarantineTests {
    private static let done = Outcome.done(emitted: [])

    private static func isCrash(_ outcome: Outcome?) -> Bool {
        if case .crashed = outcome { true } else { false }
    }

    @Test(arguments: [1, 2])
    func `of several the one that kills its worker is charged, and the innocent succeed`(workers: Int) throws {
        let rig = try PoolRig(workers: workers)
        try rig.startAndWait()
        for number in 1...6 {
            rig.invoke(UInt64(number), number == 3 ? #"{"milliseconds":50,"ending":"exit"}"# : #"{"milliseconds":300}"#)
        }
        try rig.run("all results") { $0.outcomes.count == 6 }
        for number in [1, 2, 4, 5, 6] as [UInt64] {
            #expect(rig.outcome(number) == Self.done)
            #expect((1...2).contains(rig.processes("begun", number).count), "twice at most")
            #expect(rig.processes("ended", number).count == 1)
        }
        #expect(Self.isCrash(rig.outcome(3)))
        #expect((2...3).contains(rig.processes("begun", 3).count), "among all, behind others, and once alone")
        #expect(rig.deaths.count == rig.processes("begun", 3).count)
        #expect(rig.repeated == [])
        try rig.stop()
    }

    @Test func `the second run of a poisonous event is in a process of its own, beside the others`() throws {
        let rig = try PoolRig(workers: 2)
        try rig.startAndWait()
        try rig.runInTwoWorkers()
        // By turns: 101, 103 and 105 to one worker, 102, 104 and 106 to the other.
        for number in 101...106 as ClosedRange<UInt64> {
            rig.invoke(number, number == 101 ? #"{"milliseconds":50,"ending":"crash"}"# : #"{"milliseconds":400}"#)
        }
        try rig.run("all results") { rig in (101...106).allSatisfy { rig.outcome($0) != nil } }
        let poison = rig.processes("begun", 101)
        #expect(poison.count == 2)
        #expect(Set(rig.processes("begun", 103)).contains(poison[0]), "neighbours in its first run")
        for number in 102...106 as ClosedRange<UInt64> {
            #expect(rig.processes("begun", number).last != poison.last, "and none in its second")
            #expect(rig.outcome(number) == Self.done)
        }
        for number in [102, 104, 106] as [UInt64] {
            #expect(rig.processes("begun", number).count == 1, "the other worker goes on")
        }
        guard case .crashed(let failure)? = rig.outcome(101) else {
            Issue.record("it ended as \(String(describing: rig.outcome(101)))")
            return
        }
        #expect(failure.message.contains("told to crash"), "the dead letter says what the worker said")
        #expect(failure.message.utf8.count < 9 << 10)
        try rig.stop()
    }

    @Test func `among many each culprit is charged once, after no more than three deaths`() throws {
        let rig = try PoolRig()
        try rig.startAndWait()
        let culprits: Set<UInt64> = [7, 30]
        for number in 1...48 as ClosedRange<UInt64> {
            rig.invoke(
                number,
                culprits.contains(number) ? #"{"milliseconds":0,"ending":"exit"}"# : #"{"milliseconds":20}"#
            )
        }
        try rig.run("all results") { $0.outcomes.count == 48 }
        for number in 1...48 as ClosedRange<UInt64> {
            #expect(Self.isCrash(rig.outcome(number)) == culprits.contains(number))
            #expect(rig.processes("begun", number).count <= (culprits.contains(number) ? 3 : 2))
        }
        #expect(rig.repeated == [])
        #expect((culprits.count...2 * culprits.count + 1).contains(rig.deaths.count))
        try rig.stop()
    }

    @Test func `suspects wait while their worker cannot be started, and the other one goes on`() throws {
        let rig = try PoolRig("DIRECTORY/bundle", workers: 2)
        let link = "\(rig.directory)/bundle"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: PoolRig.bundle)
        try rig.startAndWait()
        try rig.runInTwoWorkers()
        try FileManager.default.removeItem(atPath: link)
        for number in 101...104 as ClosedRange<UInt64> { rig.invoke(number, #"{"milliseconds":1000}"#) }
        try rig.run("all to have begun") { rig in (101...104).allSatisfy { !rig.processes("begun", $0).isEmpty } }
        let victim = try #require(rig.processes("begun", 101).first)
        #expect(rig.processes("begun", 103) == [victim])
        kill(victim, SIGKILL)
        try rig.run("what the other one runs") { rig in [102, 104].allSatisfy { rig.outcome($0) == Self.done } }
        rig.invoke(105)
        try rig.run("what comes meanwhile") { $0.outcome(105) == Self.done }
        #expect(rig.outcome(101) == nil && rig.outcome(103) == nil)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: PoolRig.bundle)
        try rig.run("the suspects") { rig in [101, 103].allSatisfy { rig.outcome($0) == Self.done } }
        #expect(rig.repeated == [])
        #expect(rig.unavailable.isEmpty)
        try rig.stop()
    }

    @Test func `what has not been given to a worker is taken back, and what runs ends as it does`() throws {
        let rig = try PoolRig()
        try rig.startAndWait()
        for number in 1...3 as ClosedRange<UInt64> {
            rig.invoke(number, number == 1 ? #"{"milliseconds":30,"ending":"exit"}"# : #"{"milliseconds":60000}"#)
        }
        rig.withdrawsAfterDeath = true
        try rig.run("the death") { $0.deaths.count == 1 }
        #expect(rig.withdrawn.sorted() == [1, 2, 3], "all of them are suspects, and none has begun again")
        rig.invoke(4)
        try rig.run("the next") { $0.outcome(4) == Self.done }
        #expect(rig.outcomes.count == 1, "what was taken back has no result")
        try rig.stop()
    }
}
