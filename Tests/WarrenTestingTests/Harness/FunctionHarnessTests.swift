import Testing
import Warren
import WarrenTesting

/// What an author of functions can see with `FunctionHarness`.
struct FunctionHarnessTests {
    struct Greeting: Codable, Sendable {
        let name: String
    }

    struct Greet: Function {
        func handle(_ event: Event<Greeting>, context: FunctionContext) async throws {
            switch event.payload.name {
            case "nobody": throw Rejected("there is nobody to greet")
            case "sleeper": throw RetryLater(after: .seconds(60), reason: "still asleep")
            case "villain": throw Villain()
            case "snail": try await Task.sleep(for: .seconds(3600))
            default: try context.emit("greeting.sent", event.payload, delay: .seconds(2))
            }
        }
    }

    struct Villain: Error {}

    @Test func `a function that returns is done, and what it emitted can be read`() async throws {
        let harness = try await FunctionHarness(Greet.self)
        let result = try await harness.run(Greeting(name: "Ada"), key: "person.met", id: "e-1")
        #expect(result.isDone)
        let emitted = try #require(result.emitted.first)
        #expect(emitted.key == "greeting.sent")
        #expect(emitted.delay == .seconds(2))
        #expect(emitted.causationID == "e-1")
        #expect(emitted.correlationID == "e-1")
        #expect(try emitted.decode(Greeting.self).name == "Ada")
    }

    @Test func `a payload may be compressed`() async throws {
        // {"name":"Ada"} in the zlib format.
        let body: [UInt8] = [
            120, 218, 171, 86, 202, 75, 204, 77, 85, 178, 82, 114, 76, 73, 84, 170, 5, 0, 33, 207, 4, 98,
        ]
        let harness = try await FunctionHarness(Greet.self)
        let result = await harness.run(bytes: body, contentEncoding: "deflate")
        #expect(try result.emitted.first?.decode(Greeting.self).name == "Ada")
        let unknown = await harness.run(bytes: body, contentEncoding: "lzma")
        guard case .undecodable(let reason) = unknown.outcome else {
            Issue.record("an unknown encoding ended as \(unknown.outcome)")
            return
        }
        #expect(reason.contains("'lzma' is not known"))
    }

    @Test func `each way to fail shows as itself, and nothing is emitted`() async throws {
        let harness = try await FunctionHarness(Greet.self)
        let rejected = try await harness.run(Greeting(name: "nobody"))
        #expect(rejected.outcome == .rejected("there is nobody to greet"))
        let later = try await harness.run(Greeting(name: "sleeper"))
        #expect(later.outcome == .later(after: .seconds(60), reason: "still asleep"))
        let failed = try await harness.run(Greeting(name: "villain"))
        #expect(failed.outcome == .failed(type: "Villain", message: "Villain()"))
        let undecodable = await harness.run(bytes: Array(#"{"name":7}"#.utf8))
        #expect(undecodable.outcome == .undecodable("payload.name: expected String, found number"))
        let late = try await harness.run(Greeting(name: "snail"), timeout: .milliseconds(20))
        guard case .timedOut = late.outcome else {
            Issue.record("the snail ended as \(late.outcome)")
            return
        }
    }
}

struct BatchHarnessTests {
    struct Reading: Codable, Sendable {
        let value: Int
    }

    struct Store: BatchFunction {
        func handle(_ batch: [BatchItem<Reading>]) async throws {
            for item in batch {
                try item.context.emit("stored", ["of": batch.count])
                if item.event.payload.value < 0 { item.fail(Rejected("negative")) }
            }
        }
    }

    @Test func `a batch is run once, and each of its events has its own result`() async throws {
        let harness = try await FunctionHarness(Store.self)
        let results = try await harness.run(batch: [Reading(value: 1), Reading(value: -1), Reading(value: 2)])
        #expect(results.map(\.outcome) == [.done, .rejected("negative"), .done])
        #expect(try results[0].emitted[0].decode([String: Int].self) == ["of": 3])
        #expect(results[1].emitted.isEmpty)
    }
}
