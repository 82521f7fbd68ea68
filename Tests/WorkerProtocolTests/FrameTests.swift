import Messaging
import SeededGeneration
import Testing
import WorkerProtocol

@Suite struct FrameTests {
    static let failure = Failure(type: "GatewayTimeout", message: "no answer, grün")
    static let emitted = EmittedEvent(
        key: "stock.reserved",
        type: "stock",
        contentType: "application/json",
        payload: [1, 2, 3],
        delay: .milliseconds(1500),
        correlationID: "c",
        causationID: "e",
        traceParent: "00-a-b-01",
        traceState: nil
    )
    static let outcomes: [Outcome] = [
        .done(emitted: []), .done(emitted: [Self.emitted, Self.emitted]), .failed(Self.failure),
        .rejected(Self.failure), .undecodable(Self.failure), .later(after: .seconds(90), Self.failure),
        .timedOut(Self.failure),
        .skipped,
    ]

    private func frame(_ bytes: [UInt8]) throws -> Frame {
        var buffer = FrameBuffer()
        buffer.append(bytes)
        let frame = try #require(try buffer.next())
        #expect(buffer.isEmpty)
        return frame
    }

    @Test(arguments: Self.outcomes)
    func `a result is read as it was written`(outcome: Outcome) throws {
        let result = ResultFrame(outcome: outcome, nanoseconds: 12_345)
        var bytes: [UInt8] = []
        result.write(invocation: 77, to: &bytes)
        let frame = try self.frame(bytes)
        #expect(frame.kind == .result)
        #expect(frame.invocation == 77)
        #expect(try ResultFrame(frame) == result)
    }

    @Test func `the frames of the handshake and of logs are read as they were written`() throws {
        var bytes: [UInt8] = []
        let hello = HelloFrame(
            protocolVersion: WorkerProtocolVersion.current,
            bundleVersion: "1.2",
            functions: ["a", "b"],
            limits: "memory=rlimit"
        )
        hello.write(to: &bytes)
        #expect(try HelloFrame(self.frame(bytes)) == hello)
        bytes = []
        let start = StartFrame(
            function: "a",
            concurrency: 16,
            lowestLogLevel: 3,
            batchSize: 100,
            batchWaitMilliseconds: 250
        )
        start.write(to: &bytes)
        #expect(try StartFrame(self.frame(bytes)) == start)
        bytes = []
        let failed = StartFailedFrame(reason: "no database")
        failed.write(to: &bytes)
        #expect(try StartFailedFrame(self.frame(bytes)) == failed)
        bytes = []
        let log = LogFrame(level: 2, message: "hello", metadata: [("a", "1"), ("b", "")])
        log.write(invocation: 5, to: &bytes)
        #expect(try LogFrame(self.frame(bytes)) == log)
    }

    @Test func `a hello of another protocol version tells its version alone`() throws {
        var bytes: [UInt8] = []
        bytes.appendFrame(.hello) { $0.appendLittleEndian(UInt16(9)) }
        #expect(try HelloFrame(self.frame(bytes)).protocolVersion == 9)
    }

    @Test(arguments: Self.outcomes)
    func `a body cut at any byte is an error, never a trap`(outcome: Outcome) throws {
        var bytes: [UInt8] = []
        ResultFrame(outcome: outcome, nanoseconds: 1).write(invocation: 1, to: &bytes)
        let body = Array(bytes[13...])
        for count in 0..<body.count {
            var cut: [UInt8] = []
            cut.appendFrame(.result, invocation: 1) { $0.append(contentsOf: body[..<count]) }
            let frame = try self.frame(cut)
            #expect(throws: FrameError.self) { try ResultFrame(frame) }
        }
    }

    @Test func `handshakes cut at any byte are errors, never traps`() throws {
        var hello: [UInt8] = []
        let version = WorkerProtocolVersion.current
        HelloFrame(protocolVersion: version, bundleVersion: "1", functions: ["a"], limits: "l").write(to: &hello)
        var start: [UInt8] = []
        StartFrame(function: "a", concurrency: 1, lowestLogLevel: 2, batchSize: 3).write(to: &start)
        for (whole, kind) in [(hello, FrameKind.hello), (start, .start)] {
            for count in 13..<whole.count {
                var cut: [UInt8] = []
                cut.appendFrame(kind) { $0.append(contentsOf: whole[13..<count]) }
                let frame = try self.frame(cut)
                #expect(throws: FrameError.self) {
                    if kind == .hello { _ = try HelloFrame(frame) } else { _ = try StartFrame(frame) }
                }
            }
        }
    }

    @Test(arguments: 0..<100 as Range<UInt64>)
    func `random bodies of every kind are read or refused`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let body = random.bytes(Int.random(in: 0...120, using: &random))
        var bytes: [UInt8] = []
        bytes.appendFrame(.invoke, invocation: 3) { $0.append(contentsOf: body) }
        let frame = try self.frame(bytes)
        if let received = try? ReceivedInvocation(frame) {
            for attribute in InvokeFrame.Attribute.allCases { _ = received[attribute] }
            #expect(received.payload.count <= body.count)
            #expect(received.headers.entries.count <= body.count)
        }
        if let result = try? ResultFrame(frame) { #expect(result.nanoseconds >= 0) }
        if let log = try? LogFrame(frame) { #expect(log.metadata.count <= body.count) }
        if let hello = try? HelloFrame(frame) { #expect(hello.limits.utf8.count <= 3 * body.count) }
        if let start = try? StartFrame(frame) { #expect(start.function.utf8.count <= 3 * body.count) }
    }

    @Test func `frames that arrive in pieces of any size are cut the same`() throws {
        var stream: [UInt8] = []
        for (number, outcome) in Self.outcomes.enumerated() {
            ResultFrame(outcome: outcome, nanoseconds: 1).write(invocation: UInt64(number), to: &stream)
        }
        for size in [1, 2, 3, 7, 13, 64, stream.count] {
            var buffer = FrameBuffer()
            var found: [Outcome] = []
            var rest = stream[...]
            while !rest.isEmpty {
                buffer.append(rest.prefix(size))
                rest = rest.dropFirst(size)
                while let frame = try buffer.next() { found.append(try ResultFrame(frame).outcome) }
            }
            #expect(found == Self.outcomes)
            #expect(buffer.isEmpty)
        }
    }

    @Test func `giant and dwarfish lengths and unknown kinds are refused before anything is allocated`() {
        for length in [UInt32.max, UInt32(FrameBuffer.maximumLength + 1), 8, 0] {
            var bytes: [UInt8] = []
            bytes.appendLittleEndian(length)
            var buffer = FrameBuffer()
            buffer.append(bytes)
            #expect(throws: FrameError.self) { try buffer.next() }
        }
        var unknown = FrameBuffer()
        unknown.append([9, 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 0])
        #expect(throws: FrameError.self) { try unknown.next() }
    }
}
