import Logging
import Messaging
import Synchronization
import Testing
import Warren
import WorkerProtocol

@Suite struct EmitTests {
    private let order = #"{"id":"1","items":[]}"#

    @Test func `emitted events say where they come from`() async throws {
        let outcome = try await TestInvocation.run(
            EchoOrder.self,
            self.order,
            correlationID: "first",
            headers: [("traceparent", .string("00-a-b-01")), ("tracestate", .string("x=y"))]
        )
        let event = try #require(outcome.emitted.first)
        #expect(event.key == "echo")
        #expect(event.type == "echo")
        #expect(event.contentType == "application/json")
        #expect(event.correlationID == "first")
        #expect(event.causationID == "event-1")
        #expect(event.traceParent == "00-a-b-01")
        #expect(event.traceState == "x=y")
        #expect(event.delay == .zero)
    }

    @Test func `without a correlation id the event's own id becomes it`() async throws {
        let outcome = try await TestInvocation.run(EchoOrder.self, self.order)
        #expect(outcome.emitted.allSatisfy { $0.correlationID == "event-1" })
    }

    @Test func `what AMQP cannot carry is refused at once`() async throws {
        let outcome = try await TestInvocation.run(EmitBadly.self, "")
        let text = try #require(outcome.emitted.last.map { String(decoding: $0.payload, as: UTF8.self) })
        for part in [
            "the key is empty", "the key has 256", "the content type has 256", "the type has 256",
            "the payload has 16777217", "the delay is -1", "the delay is 311 d, and 0 s to 310 d are allowed",
        ] {
            #expect(text.contains(part))
        }
        #expect(outcome.emitted.count == 1)
    }

    private func state() throws -> InvocationState {
        let received = try TestInvocation.received(TestInvocation.bytes([]))
        return InvocationState(
            EventOrigin(received, envelope: nil),
            deadline: .now + .seconds(60),
            encoder: EchoBytes.encoder
        ) { _ in Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
    }

    @Test func `after the end of the invocation nothing can be emitted`() throws {
        let state = try self.state()
        let context = FunctionContext(state)
        try context.emit("in.time", 1)
        #expect(state.end().map { $0.key } == ["in.time"])
        #expect(throws: EmitError.invocationEnded) { try context.emit("late", 1) }
    }

    @Test func `an invocation emits 10,000 events and no more`() throws {
        let context = FunctionContext(try self.state())
        for _ in 0..<10_000 { try context.emit("k", bytes: [], contentType: "a/b") }
        #expect(throws: EmitError.self) { try context.emit("k", bytes: [], contentType: "a/b") }
    }

    @Test func `the context tells attempts, the time left, and makes one logger`() throws {
        let received = try TestInvocation.received(TestInvocation.bytes([], number: 42))
        let made = Mutex<[UInt64]>([])
        let origin = EventOrigin(received, envelope: nil)
        let state = InvocationState(origin, deadline: .now - .seconds(1), encoder: EchoBytes.encoder) { number in
            made.withLock { $0.append(number) }
            return Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        }
        let context = FunctionContext(state)
        #expect(context.attempt == 2)
        #expect(context.maxAttempts == 5)
        #expect(context.timeRemaining == .zero)
        context.logger.info("one")
        context.logger.info("two")
        #expect(made.withLock { $0 } == [42])
    }
}
