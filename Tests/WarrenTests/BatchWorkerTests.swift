import Messaging
import Testing
import Threads
import WorkerProtocol

@testable import Warren

/// Batches through the worker's whole runtime. A wait of an hour stands for one that does not end by itself.
struct BatchWorkerTests {
    private static func worker(size: Int, wait: Duration, concurrency: Int = 4) throws -> TestWorker {
        try TestWorker(concurrency: concurrency, batching: BatchRule(size: size, wait: wait))
    }

    private static func command(_ word: String) -> String { #"{"word":"\#(word)"}"# }

    /// The size of the batch that each invocation ran in, as ``ObeyTogether`` tells.
    private static func sizes(_ frames: [Frame]) throws -> [UInt64: Int] {
        var sizes: [UInt64: Int] = [:]
        for frame in frames {
            let told = try #require(try ResultFrame(frame).outcome.emitted.first)
            #expect(
                sizes.updateValue(Int(String(decoding: told.payload, as: UTF8.self)) ?? 0, forKey: frame.invocation)
                    == nil
            )
        }
        return sizes
    }

    @Test func `a batch begins when enough invocations wait`() async throws {
        let worker = try Self.worker(size: 3, wait: .seconds(3600))
        try await worker.open(ObeyTogether.self)
        for number in 1...6 as ClosedRange<UInt64> { worker.invoke(number, Self.command("done")) }
        let sizes = try Self.sizes(try await worker.receive(6))
        #expect(sizes == Dictionary(uniqueKeysWithValues: (1...6).map { ($0, 3) }))
    }

    @Test func `a batch begins when its oldest invocation has waited long enough`() async throws {
        let worker = try Self.worker(size: 100, wait: .milliseconds(50))
        try await worker.open(ObeyTogether.self)
        let begin = ContinuousClock.now
        worker.send((1...2).flatMap { TestInvocation.bytes(Array(Self.command("done").utf8), number: $0) })
        #expect(try Self.sizes(try await worker.receive(2)) == [1: 2, 2: 2])
        #expect(begin.duration(to: .now) >= .milliseconds(50))
    }

    @Test func `what is left over from full batches waits for its own time`() async throws {
        let worker = try Self.worker(size: 2, wait: .milliseconds(50))
        try await worker.open(ObeyTogether.self)
        worker.send((1...3).flatMap { TestInvocation.bytes(Array(Self.command("done").utf8), number: $0) })
        #expect(try Self.sizes(try await worker.receive(3)) == [1: 2, 2: 2, 3: 1])
    }

    @Test func `at a drain what waits begins at once, and the worker ends after its results`() async throws {
        let worker = try Self.worker(size: 100, wait: .seconds(3600))
        try await worker.open(ObeyTogether.self)
        for number in 1...5 as ClosedRange<UInt64> { worker.invoke(number, Self.command("done")) }
        worker.sendFrame(.drain)
        #expect(await worker.ending == .drained)
        #expect(Set(try Self.sizes(try await worker.receive(5)).keys) == Set(1...5))
    }

    @Test func `each of many invocations gets one result`() async throws {
        let worker = try Self.worker(size: 7, wait: .milliseconds(1), concurrency: 3)
        try await worker.open(ObeyTogether.self)
        let count = 3000
        let words = ["done", "fail", "reject", "later"]
        let bytes = (1...UInt64(count)).flatMap { number in
            TestInvocation.bytes(Array(Self.command(words[Int(number % 4)]).utf8), number: number)
        }
        #expect(SystemThread.start(named: "sender") { worker.send(bytes) } == 0)
        let frames = try await worker.receive(count)
        #expect(Set(frames.map { $0.invocation }) == Set(1...UInt64(count)))
        for frame in frames {
            let summary = try ResultFrame(frame).outcome.summary
            let expected = ["done", "failed: ", "rejected: ", "later "][Int(frame.invocation % 4)]
            #expect(summary.hasPrefix(expected))
        }
    }

    @Test func `at the earliest deadline the batch is cancelled, and failed events keep their error`() async throws {
        let worker = try Self.worker(size: 3, wait: .seconds(3600), concurrency: 1)
        try await worker.open(WaitTogether.self)
        worker.invoke(1, Self.command("wait"))
        worker.invoke(2, Self.command("fail"))
        worker.invoke(3, Self.command("wait"), timeout: 1_800_000)
        #expect(try await worker.receive(1).map { $0.kind } == [.log])
        // Past the deadline of the third and of no other.
        _ = worker.engine.expire(.now + .seconds(1801))
        let frames = try await worker.receive(3).sorted { $0.invocation < $1.invocation }
        let outcomes = try frames.map { try ResultFrame($0).outcome.summary }
        #expect(outcomes[0].hasPrefix("timed out"))
        #expect(outcomes[1] == "rejected: refused in time")
        #expect(outcomes[2].hasPrefix("timed out"))
    }

    @Test func `a batch that returns in spite of its cancellation is done`() async throws {
        let worker = try Self.worker(size: 2, wait: .seconds(3600))
        try await worker.open(WaitTogether.self)
        worker.invoke(1, Self.command("return"))
        worker.invoke(2, Self.command("wait"))
        #expect(try await worker.receive(1).map { $0.kind } == [.log])
        _ = worker.engine.expire(.now + .seconds(3600))
        let results = try await worker.receive(2)
        #expect(try results.map { try ResultFrame($0).outcome.summary } == ["done", "done"])
    }

    @Test func `a cancel frame for one invocation cancels the batch that it runs in`() async throws {
        let worker = try Self.worker(size: 2, wait: .seconds(3600), concurrency: 1)
        try await worker.open(WaitTogether.self)
        worker.invoke(1, Self.command("wait"))
        worker.invoke(2, Self.command("wait"))
        #expect(try await worker.receive(1).map { $0.kind } == [.log])
        worker.sendFrame(.cancel, invocation: 2)
        let outcomes = try await worker.receive(2).map { try ResultFrame($0).outcome.summary }
        #expect(outcomes.allSatisfy { $0.hasPrefix("failed: CancellationError") })
    }

    @Test func `an invocation that is cancelled while it waits leaves the batch`() async throws {
        let worker = try Self.worker(size: 2, wait: .seconds(3600))
        try await worker.open(ObeyTogether.self)
        worker.invoke(1, Self.command("done"))
        worker.sendFrame(.cancel, invocation: 1)
        #expect(try await worker.result().summary.hasPrefix("failed: the host cancelled"))
        worker.invoke(2, Self.command("done"))
        worker.invoke(3, Self.command("done"))
        #expect(try Self.sizes(try await worker.receive(2)) == [2: 2, 3: 2])
    }

    @Test func `what cannot be decoded is answered before its batch has ended`() async throws {
        let worker = try Self.worker(size: 2, wait: .seconds(3600))
        try await worker.open(WaitTogether.self)
        worker.invoke(1, Self.command("wait"))
        worker.invoke(2, "{}")
        let first = try #require(try await worker.receive(1).first)
        #expect(first.invocation == 2)
        #expect(try ResultFrame(first).outcome.summary == "undecodable: payload.word: missing")
        #expect(try await worker.receive(1).map { $0.kind } == [.log])
        worker.sendFrame(.cancel, invocation: 1)
        #expect(try await worker.result().summary.hasPrefix("failed"))
    }

    @Test func `a batch function without a rule gets its events one by one`() async throws {
        let worker = try TestWorker()
        try await worker.open(ObeyTogether.self)
        for number in 1...3 as ClosedRange<UInt64> { worker.invoke(number, Self.command("done")) }
        #expect(try Self.sizes(try await worker.receive(3)) == [1: 1, 2: 1, 3: 1])
    }

    @Test func `a batch is refused to a function that takes single events`() throws {
        let functions: [any Function.Type] = [EchoOrder.self, ObeyTogether.self]
        func refusal(_ function: String, batchSize: UInt32) -> String? {
            let start = StartFrame(function: function, concurrency: 1, lowestLogLevel: 2, batchSize: batchSize)
            do throws(StartRefusal) {
                _ = try WorkerMain.function(for: start, among: functions)
                return nil
            } catch {
                return error.description
            }
        }
        #expect(
            refusal("echo-order", batchSize: 10)
                == "echo-order is not a BatchFunction; remove 'batch' from its manifest"
        )
        #expect(refusal("echo-order", batchSize: 0) == nil)
        #expect(refusal("obey-together", batchSize: 10) == nil)
        #expect(refusal("obey-together", batchSize: 0) == nil)
        #expect(
            refusal("other", batchSize: 0) == "the bundle has no function 'other'; it has echo-order, obey-together"
        )
    }
}
