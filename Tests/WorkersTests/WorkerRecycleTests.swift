import EventLoops
import Foundation
import Invoking
import KernelFiles
import Manifests
import Messaging
import Testing

@testable import Workers

/// Real workers that are replaced while they work.
@Suite(.serialized)
struct WorkerRecycleTests {
    private static let done = Outcome.done(emitted: [])

    /// Runs one invocation after the other until one is run by another process; returns both processes.
    private static func runUntilReplaced(_ rig: PoolRig) throws -> (old: pid_t, new: pid_t) {
        rig.invoke(1)
        try rig.run("the first") { $0.outcome(1) == self.done }
        let old = try #require(rig.processes("begun", 1).first)
        var number: UInt64 = 1
        try rig.run("another process") { rig in
            guard rig.outcome(number) == self.done else { return false }
            if rig.processes("begun", number) != [old] { return true }
            number += 1
            rig.invoke(number)
            return false
        }
        let new = try #require(rig.processes("begun", number).first)
        try rig.run("the end of the old one") { _ in !PoolRig.isAlive(old) }
        #expect(rig.deaths.isEmpty && rig.unavailable.isEmpty && rig.repeated == [])
        #expect(rig.outcomes.values.allSatisfy { $0 == self.done })
        return (old, new)
    }

    @Test func `after its share of events a worker is replaced, and ends when it has done what it has`() throws {
        let rig = try PoolRig { $0.recycle.afterEvents = 5 }
        try rig.startAndWait()
        rig.invoke(1, #"{"milliseconds":2000}"#)
        for number in 2...6 as ClosedRange<UInt64> { rig.invoke(number) }
        try rig.run("the others") { rig in (2...6).allSatisfy { rig.outcome($0) == Self.done } }
        let old = try #require(rig.processes("begun", 2).first)
        // Its replacement is ready while the first still runs.
        var number: UInt64 = 6
        try rig.run("another process") { rig in
            guard rig.outcome(number) == Self.done else { return false }
            if rig.processes("begun", number) != [old] { return true }
            number += 1
            rig.invoke(number)
            return false
        }
        #expect(rig.outcome(1) == nil && PoolRig.isAlive(old), "both at a time")
        try rig.run("the first") { $0.outcome(1) == Self.done }
        #expect(rig.processes("ended", 1) == [old])
        try rig.run("the end of the old one") { _ in !PoolRig.isAlive(old) }
        #expect(rig.deaths.isEmpty && rig.unavailable.isEmpty && rig.repeated == [])
        try rig.stop()
    }

    @Test func `over many events processes come and go, each with its share, and none fails`() throws {
        let rig = try PoolRig { $0.recycle.afterEvents = 10 }
        try rig.startAndWait()
        var number: UInt64 = 0
        var shares: [pid_t: Int] = [:]
        try rig.run("five processes") { rig in
            guard rig.outcomes.count == Int(number) else { return false }
            if number > 0, let process = rig.processes("begun", number).last { shares[process, default: 0] += 1 }
            guard shares.count < 5 else { return true }
            number += 1
            rig.invoke(number)
            return false
        }
        #expect(rig.outcomes.values.allSatisfy { $0 == Self.done })
        for number in 1...number { #expect(rig.processes("begun", number).count == 1) }
        // An old one goes on until the next one is ready, so its share may be larger, but never smaller.
        #expect(shares.values.count { $0 < 9 } <= 1, "except for the last one")
        #expect(rig.deaths.isEmpty && rig.unavailable.isEmpty && rig.repeated == [])
        try rig.stop()
    }

    @Test func `after its time a worker is replaced`() throws {
        let rig = try PoolRig { $0.recycle.afterTime = .seconds(1) }
        let start = ContinuousClock.now
        try rig.startAndWait()
        let (old, new) = try Self.runUntilReplaced(rig)
        #expect(old != new)
        #expect(ContinuousClock.now - start >= .milliseconds(900))
        try rig.stop()
    }

    @Test func `a worker that holds more than most of its memory is replaced between events`() throws {
        // Any process holds more than that.
        let rig = try PoolRig { $0.limits.memory = 4 << 20 }
        try rig.startAndWait()
        let (old, new) = try Self.runUntilReplaced(rig)
        #expect(old != new)
        #expect(rig.log.contains("a worker is replaced"))
        try rig.stop()
    }

    // MARK: - Limits

    /// The soft and the hard limit of a process, as the kernel tells them.
    private static func limit(_ name: String, of process: pid_t) throws -> [String] {
        let text = KernelFile.text("/proc/\(process)/limits")
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name) })
        return line.dropFirst(name.count).split(separator: " ").prefix(2).map { String($0) }
    }

    @Test func `limits of the manifest are in force in the worker before it runs anything`() throws {
        let rig = try PoolRig {
            $0.limits.openFiles = 64
            $0.limits.cpuTime = .seconds(100)
            $0.limits.memory = 256 << 20
        }
        try rig.startAndWait()
        rig.invoke(1)
        try rig.run("the first") { $0.outcome(1) == Self.done }
        let process = try #require(rig.processes("begun", 1).first)
        #expect(try Self.limit("Max open files", of: process) == ["64", "64"])
        #expect(try Self.limit("Max cpu time", of: process) == ["100", "101"])
        let memory = try Self.limit("Max data size", of: process)
        #expect(memory.allSatisfy { (Int($0) ?? 0) > 256 << 20 && (Int($0) ?? .max) < 1 << 30 })
        #expect(rig.log.contains("limits are in force"))
        try rig.stop()
    }

    @Test func `without limits a worker has those of the host, but leaves no core file`() throws {
        let rig = try PoolRig()
        try rig.startAndWait()
        rig.invoke(1)
        try rig.run("the first") { $0.outcome(1) == Self.done }
        let process = try #require(rig.processes("begun", 1).first)
        for name in ["Max open files", "Max cpu time", "Max data size"] {
            #expect(try Self.limit(name, of: process) == Self.limit(name, of: getpid()))
        }
        #expect(try Self.limit("Max core file size", of: process) == ["0", "0"])
        try rig.stop()
    }
}
