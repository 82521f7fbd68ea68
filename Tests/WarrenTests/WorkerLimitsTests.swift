import Testing

@testable import Warren

struct WorkerLimitsTests {
    @Test(arguments: [
        ("", WorkerLimits()), ("memory=67108864", WorkerLimits(memory: 64 << 20)),
        ("openFiles=64,cpuTime=3600", WorkerLimits(openFiles: 64, cpuTime: 3600)),
        ("cpuTime=1,memory=2,openFiles=3", WorkerLimits(memory: 2, openFiles: 3, cpuTime: 1)),
    ])
    func `limits are read in any order`(text: String, limits: WorkerLimits) throws {
        #expect(try WorkerLimits(parsing: text) == limits)
    }

    @Test(arguments: [
        ("memory", "memory"), ("memory=", "memory="), ("memory=0", "memory=0"), ("memory=-1", "memory=-1"),
        ("memory=64MiB", "memory=64MiB"), ("memory=18446744073709551615", "memory=18446744073709551615"),
        ("openFiles=1,", ""), (",", ""), ("swap=1", "swap=1"), ("cpuTime=1,cpuTime=2", "cpuTime=2"),
        ("memory=1=2", "memory=1=2"), (" memory=1", " memory=1"),
    ])
    func `what is no limit is named`(text: String, part: String) {
        #expect(throws: WorkerLimitError.malformed(part)) { try WorkerLimits(parsing: text) }
    }

    @Test func `the memory limit leaves room for the threads that are still to come`() {
        var allowance = MemoryAllowance(mapped: 20 << 20, threads: 2, stack: 8 << 20, processors: 2)
        #expect(allowance.limit(share: 64 << 20) == (20 + 64 + 4 * 8) << 20)
        allowance = MemoryAllowance(mapped: 20 << 20, threads: 9, stack: 8 << 20, processors: 2)
        #expect(allowance.limit(share: 64 << 20) == (20 + 64) << 20)
        #expect(allowance.limit(share: UInt64.max - 5) == UInt64.max - 1)
    }

    @Test func `a status file's numbers are found by their names`() {
        let status = "Name:\tVmData:\nVmPeak:\t    9 kB\nVmData:\t     424 kB\nThreads:\t5\n"
        #expect(MemoryAllowance.number("VmData:", in: status) == 424)
        #expect(MemoryAllowance.number("Threads:", in: status) == 5)
        #expect(MemoryAllowance.number("VmSwap:", in: status) == nil)
    }

    @Test func `this process can be measured`() throws {
        let allowance = try #require(MemoryAllowance.current())
        #expect(allowance.mapped > 0)
        #expect(allowance.threads > 0)
        #expect(allowance.processors > 0)
        #expect(allowance.stack >= 16 << 10)
    }
}
