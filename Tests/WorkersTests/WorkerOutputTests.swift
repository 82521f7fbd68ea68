import EventLoops
import Foundation
import Invoking
import Messaging
import Testing

@testable import Workers

/// What real workers write, however much it is.
@Suite(.serialized)
struct WorkerOutputTests {
    fileprivate static let line = String(repeating: "flood", count: 12) + "end"

    @Test(arguments: ["", " >&2"])
    func `a flood is logged as far as the budget goes, and the rest is counted`(
        redirection: String
    ) throws {
        let lines = 1_000_000
        let rig = try PoolRig("DIRECTORY/script")
        try rig.write(
            "script",
            "#!/bin/sh\n/usr/bin/yes \(Self.line) | /usr/bin/head -n \(lines)\(redirection)\nexec /bin/sleep 60\n"
        )
        let start = ContinuousClock.now
        rig.start()
        try rig.run("all to be read") { rig in rig.dropped > 0 && rig.dropped + rig.flooded >= lines - 1000 }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let logged = rig.flooded
        #expect(logged >= Int(LogBudget.linesPerSecond * LogBudget.burst), "what fits is logged")
        #expect(Double(logged) <= LogBudget.linesPerSecond * (LogBudget.burst + seconds + 1))
        #expect(rig.dropped + logged <= lines)
        try rig.stop()
    }

    @Test func `lines below the budget are logged, each one, from all three ways`() throws {
        let rig = try PoolRig(function: "speak")
        try rig.startAndWait()
        for number in 1...50 as ClosedRange<UInt64> { rig.invoke(number, "{}") }
        try rig.run("all lines") { rig in
            ["logged", "printed", "complained"].allSatisfy { word in
                rig.log.count { $0 == "\(word) by the function" } == 50
            }
        }
        #expect(rig.dropped == 0)
        try rig.stop()
    }
}

extension PoolRig {
    fileprivate var flooded: Int { self.log.count { $0 == WorkerOutputTests.line } }
}
