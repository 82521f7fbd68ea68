import EventLoops
import Foundation
import Invoking
import Messaging
import Testing

@testable import Workers

/// Real processes of a real bundle.
@Suite(.serialized)
struct WorkerPoolTests {
    private static let done = Outcome.done(emitted: [])

    @Test(arguments: [1, 3])
    func `workers become ready, run what they get, and are gone after stop`(workers: Int) throws {
        let rig = try PoolRig(workers: workers)
        try rig.startAndWait()
        for number in 1...100 { rig.invoke(UInt64(number)) }
        try rig.run("all results") { $0.outcomes.count == 100 }
        #expect(rig.outcomes.values.allSatisfy { $0 == Self.done })
        #expect(rig.repeated == [])
        let processes = Set((1...100).flatMap { rig.processes("begun", UInt64($0)) })
        try rig.stop()
        #expect(!processes.isEmpty)
        for process in processes { #expect(!PoolRig.isAlive(process)) }
        #expect(rig.unavailable.isEmpty)
    }

    @Test func `a worker that does not read for a while is sent what fits, and all the rest when it reads again`()
        throws
    {
        let rig = try PoolRig()
        try rig.startAndWait()
        rig.invoke(1)
        try rig.run("the first") { $0.outcome(1) == Self.done }
        let process = try #require(rig.processes("begun", 1).first)
        try rig.suspend(process)
        // More than a socket holds, given in several turns.
        let padding = String(repeating: "x", count: 1 << 20)
        var given: UInt64 = 1
        try rig.run("everything to be given") { rig in
            given += 1
            rig.invoke(given, #"{"milliseconds":0,"padding":"\#(padding)"}"#)
            return given == 8
        }
        #expect(rig.outcomes.count == 1)
        kill(process, SIGCONT)
        try rig.run("all results") { $0.outcomes.count == 8 }
        #expect(rig.outcomes.values.allSatisfy { $0 == Self.done })
        #expect(rig.deaths.isEmpty)
        try rig.stop()
    }

    @Test func `an invocation that was alone when its worker died is charged for it`() throws {
        let rig = try PoolRig()
        try rig.startAndWait()
        rig.invoke(1, #"{"milliseconds":0,"ending":"exit"}"#)
        try rig.run("the result") { $0.outcome(1) != nil }
        guard case .crashed(let failure)? = rig.outcome(1) else {
            Issue.record("it ended as \(String(describing: rig.outcome(1)))")
            return
        }
        #expect(failure.message.contains("exited with code 3"))
        rig.invoke(2)
        try rig.run("the next worker") { $0.outcome(2) == Self.done }
        try rig.stop()
    }

    @Test func `what hangs beyond its cancellation costs its worker and is timed out, the others run again`() throws {
        let rig = try PoolRig(timeout: .seconds(3), grace: .milliseconds(400))
        try rig.startAndWait()
        rig.invoke(1)
        try rig.run("the first") { $0.outcome(1) == Self.done }
        let process = try #require(rig.processes("begun", 1).first)
        // Stopped, a process is as deaf as one whose threads all spin.
        try rig.suspend(process)
        rig.invoke(2)
        try rig.run("the verdict") { $0.outcome(2) != nil }
        guard case .timedOut? = rig.outcome(2) else {
            Issue.record("it ended as \(String(describing: rig.outcome(2)))")
            return
        }
        #expect(!PoolRig.isAlive(process))
        rig.invoke(3)
        try rig.run("the next worker") { $0.outcome(3) == Self.done }
        try rig.stop()
    }

    @Test func `what ends when it is cancelled is timed out, and its worker goes on`() throws {
        let rig = try PoolRig(function: "hang", timeout: .milliseconds(200))
        try rig.startAndWait()
        for number in 1...2 as ClosedRange<UInt64> {
            let begun = ContinuousClock.now
            rig.invoke(number)
            try rig.run("the verdict") { $0.outcome(number) != nil }
            #expect(ContinuousClock.now - begun >= .milliseconds(200))
            guard case .timedOut? = rig.outcome(number) else {
                Issue.record("it ended as \(String(describing: rig.outcome(number)))")
                return
            }
        }
        #expect(Set((1...2).flatMap { rig.processes("cancelled", $0) }).count == 1)
        #expect(rig.deaths.isEmpty)
        try rig.stop()
    }

    @Test func `an executable that is not there is named, and found when it comes`() throws {
        let rig = try PoolRig("DIRECTORY/bundle")
        rig.start()
        #expect(rig.unavailable.first?.reason.contains("\(rig.directory)/bundle") == true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(rig.directory)/bundle",
            withDestinationPath: PoolRig.bundle
        )
        try rig.run("the pool to be ready") { $0.readyCount == 1 }
        try rig.stop()
    }

    @Test func `an executable that exits at once is tried again, ever more slowly`() throws {
        let rig = try PoolRig("/bin/false")
        let start = ContinuousClock.now
        rig.start()
        try rig.run("four attempts") { $0.unavailable.count == 4 }
        #expect(ContinuousClock.now - start >= .milliseconds(100 + 200 + 400))
        #expect(rig.unavailable.allSatisfy { $0.reason == "it exited with code 1" })
        try rig.stop()
    }

    @Test func `a worker has nothing of the host's but descriptors 0 to 3`() throws {
        // Not close-on-exec, as a careless library would leave them.
        let leaks = (0..<3).map { _ in open("/dev/null", O_RDONLY) }
        defer { for leak in leaks { close(leak) } }
        let rig = try PoolRig("DIRECTORY/script")
        try rig.write("script", "#!/bin/ls /proc/self/fd\n")
        rig.start()
        try rig.run("its end") { $0.hasEndedByItself }
        // The last one is that by which it lists them.
        #expect(rig.log.filter { Int($0) != nil } == ["0", "1", "2", "3", "4"])
        try rig.stop()
    }

    @Test func `a worker's environment is what it is given, and the word that it is one`() throws {
        let rig = try PoolRig("DIRECTORY/script", environment: ["COLOUR": "red"])
        try rig.write("script", "#!/bin/cat /proc/self/environ\n")
        rig.start()
        try rig.run("its end") { $0.hasEndedByItself }
        let line = try #require(rig.log.first { $0.contains("COLOUR") })
        let variables = line.split(separator: "\0").filter { !$0.hasPrefix("#!") }
        #expect(Set(variables) == ["COLOUR=red", "WARREN_WORKER=1", "JOURNAL=\(rig.directory)/journal"])
        try rig.stop()
    }

    @Test func `a worker is ended with its children`() throws {
        let rig = try PoolRig("DIRECTORY/script", startLimit: .milliseconds(300))
        try rig.write("script", "#!/bin/sh\n/bin/sleep 1000 &\necho child $!\nwait\n")
        rig.start()
        try rig.run("the child") { $0.log.contains { $0.hasPrefix("child ") } }
        let words = try #require(rig.log.first { $0.hasPrefix("child ") }).split(separator: " ")
        let child = try #require(pid_t(words[1]))
        #expect(PoolRig.isAlive(child))
        try rig.run("the end of its parent") { !$0.unavailable.isEmpty }
        try rig.run("its end") { _ in !PoolRig.isAlive(child) }
        try rig.stop()
    }

    @Test func `a process that keeps a dead worker's output and writes for ever does not hold up the host`() throws {
        let rig = try PoolRig("DIRECTORY/script")
        // Of a session of its own, so that the signal to the group does not reach it.
        try rig.write("script", "#!/bin/sh\n/usr/bin/setsid /usr/bin/yes &\necho writer $!\nexit 5\n")
        rig.start()
        try rig.run("the end of its parent") { rig in
            rig.unavailable.contains { $0.reason == "it exited with code 5" }
        }
        try rig.stop()
    }
}
