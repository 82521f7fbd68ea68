import Testing
import Waiting
import Warren
import WarrenTesting

/// Chains of functions through their manifests, with the runtime's own retries, delays and dead letters.
struct TestHostTests {
    struct Step: Codable, Sendable {
        let order: String
    }

    struct First: Function {
        func handle(_ event: Event<Step>, context: FunctionContext) async throws {
            try context.emit("step.second", event.payload)
        }
    }

    /// Succeeds at the third attempt.
    struct Second: Function {
        struct NotYet: Error {}

        func handle(_ event: Event<Step>, context: FunctionContext) async throws {
            guard event.payload.order != "doomed" else { throw Rejected("doomed") }
            guard context.attempt == 3 else { throw NotYet() }
            try context.emit("step.done", event.payload)
            try context.emit("step.reminder", event.payload, delay: .seconds(3600))
        }
    }

    enum Steps: FunctionBundle {
        static var functions: [any Function.Type] { [First.self, Second.self] }
    }

    private static let manifest = """
        apiVersion: warren/v1
        kind: Function
        name: first
        handler: steps/first
        events: { keys: [step.first] }
        ---
        apiVersion: warren/v1
        kind: Function
        name: second
        handler: steps/second
        events: { keys: [step.second] }
        retry: { maxAttempts: 4, backoff: { initial: 1s, multiplier: 2, max: 1m, jitter: 0 } }
        ---
        apiVersion: warren/v1
        kind: Function
        name: reminded
        handler: steps/first
        events: { keys: [step.reminder] }
        """

    private func withHost(_ body: (TestHost) async throws -> Void) async throws {
        let host = try await TestHost(manifest: Self.manifest, bundles: ["steps": Steps.self])
        do {
            try await body(host)
        } catch {
            await host.stop()
            throw error
        }
        await host.stop()
    }

    @Test(.hangGuard)
    func `a chain runs through retries when the time moves`() async throws {
        try await self.withHost { host in
            let id = try await host.publish("step.first", Step(order: "A"))
            #expect(host.events("step.second").count == 1)
            #expect(host.events("step.done").isEmpty)
            // One second is 10 units of 100 ms: level 3 holds it for eight of them, level 1 for two.
            #expect(host.nextDue == .milliseconds(800))
            await host.advance(by: .milliseconds(900))
            #expect(host.events("step.done").isEmpty)
            await host.advance(by: .milliseconds(100))
            #expect(host.events("step.done").isEmpty)
            await host.advance(by: .seconds(2))
            let done = try #require(host.events("step.done").first)
            #expect(done.correlationID == id)
            #expect(try done.decode(Step.self).order == "A")
        }
    }

    @Test(.hangGuard)
    func `what is emitted with a delay leaves when it is due`() async throws {
        try await self.withHost { host in
            try await host.publish("step.first", Step(order: "A"))
            await host.advance(by: .seconds(3))
            #expect(host.events("step.reminder").isEmpty)
            await host.advance(by: .seconds(3599))
            #expect(host.events("step.reminder").isEmpty)
            await host.advance(by: .seconds(2))
            #expect(host.events("step.reminder").count == 1)
            // The function on that key ran too.
            #expect(host.events("step.second").count == 2)
        }
    }

    @Test(.hangGuard)
    func `dead letters and parked events can be read`() async throws {
        try await self.withHost { host in
            try await host.publish("step.first", Step(order: "doomed"))
            let rejected = try #require(host.deadLetters(of: "second").first)
            #expect(rejected.reason == "rejected")
            #expect(rejected.error == "doomed")
            #expect(rejected.event.key == "step.second")
            try await host.publish("step.first", bytes: Array("nonsense".utf8))
            #expect(host.deadLetters(of: "first").map(\.reason) == ["undecodable"])
            try await host.publish("step.first", Step(order: "A"))
            await host.advance(by: .seconds(3))
            #expect(host.parked.map(\.event.key) == ["step.done"])
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `an event may be compressed, and its dead letter still is`() async throws {
        try await self.withHost { host in
            // {"order":"doomed"} in the zlib format.
            let body: [UInt8] = [
                120, 218, 171, 86, 202, 47, 74, 73, 45, 82, 178, 82, 74, 201, 207, 207, 77, 77, 81, 170, 5, 0, 59, 218,
                6, 79,
            ]
            try await host.publish("step.first", bytes: body, contentEncoding: "deflate")
            #expect(host.deadLetters(of: "second").map(\.error) == ["doomed"])
            try await host.publish("step.first", bytes: body + [0], contentEncoding: "deflate")
            let letter = try #require(host.deadLetters(of: "first").first)
            #expect(letter.error == "payload: its deflate data is followed by 1 bytes that are no part of it")
        }
    }

    @Test func `mistakes in manifests and keys are told`() async throws {
        await #expect(throws: TestHostError.self) {
            _ = try await TestHost(manifest: "kind: Nonsense", bundles: [:])
        }
        await #expect(throws: TestHostError.self) {
            _ = try await TestHost(manifest: Self.manifest, bundles: [:])
        }
        try await self.withHost { host in
            await #expect(throws: TestHostError.self) { try await host.publish("nobody.cares", Step(order: "A")) }
        }
    }
}
