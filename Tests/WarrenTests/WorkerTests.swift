import Glibc
import Messaging
import Testing
import Threads
import Waiting
import WorkerProtocol

@testable import Warren

@Suite(.hangGuard) struct WorkerTests {
    @Test(arguments: [1, 3, 64])
    func `each of many invocations gets one result`(concurrency: Int) async throws {
        let worker = try TestWorker(concurrency: concurrency)
        try await worker.open(EchoOrder.self)
        let count = 2000
        var bytes: [UInt8] = []
        for number in 1...UInt64(count) {
            bytes += TestInvocation.bytes(Array(#"{"id":"\#(number)","items":[]}"#.utf8), number: number)
        }
        let toSend = bytes
        #expect(SystemThread.start(named: "sender") { worker.send(toSend) } == 0)
        let frames = try await worker.receive(count)
        #expect(Set(frames.map { $0.invocation }) == Set(1...UInt64(count)))
        #expect(try frames.allSatisfy { try ResultFrame($0).outcome.emitted.count == 3 })
    }

    @Test func `invocations that wait for each other run at the same time`() async throws {
        let worker = try TestWorker(concurrency: 16)
        try await worker.open(MeetAll.self)
        for number in 1...16 as ClosedRange<UInt64> { worker.invoke(number, "16") }
        #expect(try await worker.receive(16).allSatisfy { try ResultFrame($0).outcome == .done(emitted: []) })
    }

    @Test func `invocations that come before the function is ready wait for it`() async throws {
        let worker = try TestWorker()
        worker.invoke(1, #"{"word":"return"}"#)
        try await worker.open(Obey.self)
        #expect(try await worker.result().summary == "done")
    }

    @Test func `at the deadline the task is cancelled, and a new lane takes the place of its own`() async throws {
        let worker = try TestWorker(concurrency: 1)
        try await worker.open(Wait.self)
        worker.invoke(1, "throw")
        #expect(try await worker.receive(1).map { $0.kind } == [.log], "it runs")
        worker.invoke(2, "throw", timeout: 7_200_000)
        // Past the deadline of the first one and not of the second, which waits for the lane.
        _ = worker.engine.expire(.now + .seconds(3600))
        let frames = try await worker.receive(2)
        #expect(Set(frames.map { $0.invocation }) == [1, 2])
        let first = try #require(frames.first { $0.kind == .result })
        #expect(first.invocation == 1)
        #expect(try ResultFrame(first).outcome.summary.hasPrefix("timed out"))
        _ = worker.engine.expire(.now + .seconds(7200))
        #expect(try await worker.result().summary.hasPrefix("timed out"))
        worker.invoke(3, "nothing")
        #expect(try await worker.result().summary == "done")
    }

    @Test func `a function that returns in spite of its cancellation is done`() async throws {
        let worker = try TestWorker(concurrency: 1)
        try await worker.open(Wait.self)
        worker.invoke(1, "return")
        #expect(try await worker.receive(1).map { $0.kind } == [.log])
        _ = worker.engine.expire(.now + .seconds(3600))
        #expect(try await worker.result().summary == "done")
    }

    @Test func `a function that ignores its cancellation keeps no other from running`() async throws {
        let worker = try TestWorker(concurrency: 1)
        try await worker.open(Wait.self)
        worker.invoke(1, "deaf")
        #expect(try await worker.receive(1).map { $0.kind } == [.log])
        _ = worker.engine.expire(.now + .seconds(3600))
        worker.invoke(2, "nothing")
        #expect(try await worker.receive(1).map { $0.invocation } == [2])
        worker.invoke(3, "release")
        #expect(Set(try await worker.receive(2).map { $0.invocation }) == [1, 3])
    }

    @Test func `a cancel frame ends its invocation as failed, and no other`() async throws {
        let worker = try TestWorker(concurrency: 2)
        try await worker.open(Wait.self)
        worker.invoke(1, "throw")
        worker.invoke(2, "throw")
        #expect(try await worker.receive(2).map { $0.kind } == [.log, .log])
        worker.sendFrame(.cancel, invocation: 1)
        worker.sendFrame(.cancel, invocation: 99)
        let first = try #require(try await worker.receive(1).first)
        #expect(first.invocation == 1)
        #expect(try ResultFrame(first).outcome.summary.hasPrefix("failed"))
        _ = worker.engine.expire(.now + .seconds(3600))
        #expect(try await worker.result().summary.hasPrefix("timed out"))
    }

    @Test func `an invocation that no lane took in time is given back, or cancelled, without being run`() async throws {
        let worker = try TestWorker()
        worker.invoke(1, "nothing", timeout: 20)
        worker.invoke(2, "nothing")
        worker.sendFrame(.cancel, invocation: 2)
        let frames = try await worker.receive(2).sorted { $0.invocation < $1.invocation }
        #expect(frames[0].kind == .notBegun)
        #expect(try ResultFrame(frames[1]).outcome.summary.hasPrefix("failed: the host cancelled"))
    }

    @Test func `draining writes every result, then ends`() async throws {
        let worker = try TestWorker()
        try await worker.open(Wait.self)
        for number in 1...20 as ClosedRange<UInt64> { worker.invoke(number, "nothing") }
        worker.invoke(21, "silent", timeout: 50)
        worker.sendFrame(.drain)
        #expect(await worker.ending == .drained)
        let results = try await worker.receive(21)
        #expect(Set(results.map { $0.invocation }) == Set(1...21))
    }

    @Test func `the end of the host ends the loop at once, whatever runs`() async throws {
        let worker = try TestWorker()
        try await worker.open(Wait.self)
        worker.invoke(1, "throw", timeout: 100)
        worker.hangUp()
        #expect(await worker.ending == .hostGone)
    }

    @Test(arguments: [FrameKind.hello, .invoke])
    func `a frame that breaks the protocol ends the loop with its reason`(kind: FrameKind) async throws {
        let worker = try TestWorker()
        worker.sendFrame(kind)
        guard case .protocolBroken(let reason) = await worker.ending else {
            Issue.record("the loop went on")
            return
        }
        #expect(!reason.isEmpty)
    }

    @Test func `log lines carry the number of their invocation and nested values as text`() async throws {
        let worker = try TestWorker()
        try await worker.open(Chatter.self)
        worker.invoke(7, "")
        let frames = try await worker.receive(2)
        #expect(frames.map { $0.kind } == [.log, .result])
        #expect(frames.map { $0.invocation } == [7, 7])
        let line = LogFrame(
            level: 4,
            message: "careful",
            metadata: [("error", "the disk is full"), ("list", #"["a", "b"]"#), ("plain", "1")]
        )
        #expect(try LogFrame(frames[0]) == line)
    }

    @Test func `results larger than any buffer arrive whole`() async throws {
        let worker = try TestWorker()
        try await worker.open(EchoBytes.self)
        let body = String(repeating: "x", count: 3 << 20)
        let code = SystemThread.start(named: "sender") {
            for number in 1...4 as ClosedRange<UInt64> { worker.invoke(number, body) }
        }
        #expect(code == 0)
        let frames = try await worker.receive(4)
        #expect(try frames.allSatisfy { try ResultFrame($0).outcome.emitted.map { $0.payload.count } == [3 << 20] })
    }
}
