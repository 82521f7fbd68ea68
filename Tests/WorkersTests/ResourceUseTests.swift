import Glibc
import PatientPolling
import Testing

@testable import Workers

struct ResourceUseTests {
    @Test func `fields are found behind a name that holds anything`() {
        let stat = "7 (a) R 9 (b) S 1 2 3 4 5 6 7 8 9 10 250 150 13 14 15 16 17 18 19 20 300 22"
        let use = ResourceUse(stat: stat, pageSize: 4096, ticksPerSecond: 100)
        #expect(use?.resident == 300 * 4096)
        #expect(use?.cpuTime == .seconds(4))
    }

    @Test(arguments: ["", "7 (a", "7 (a) R 1 2 3", "7 (a) R 1 2 3 4 5 6 7 8 9 10 x y 13 14 15 16 17 18 19 20 z 22"])
    func `what is no such line gives nothing`(stat: String) {
        #expect(ResourceUse(stat: stat, pageSize: 4096, ticksPerSecond: 100) == nil)
    }

    @Test func `this process has memory and has used the processor`() throws {
        var sum = 0.0
        let before = try #require(ResourceUse(of: getpid()))
        let deadline = ContinuousClock.now + Patience.usual
        var use = before
        while use.cpuTime <= before.cpuTime, ContinuousClock.now < deadline {
            for number in 1..<100_000 { sum += 1 / Double(number) }
            use = try #require(ResourceUse(of: getpid()))
        }
        #expect(sum > 0 && use.cpuTime > before.cpuTime)
        #expect(use.resident > 1 << 20)
    }

    @Test func `a process that is not there uses nothing`() {
        #expect(ResourceUse(of: pid_t.max) == nil)
    }
}
