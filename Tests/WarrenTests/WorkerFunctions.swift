import Logging
import Synchronization
import Warren

/// Returns when as many invocations are running as its payload says.
final class MeetAll: Function {
    private let waiting = Mutex<[CheckedContinuation<Void, Never>]>([])

    init() async throws {}

    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        let wanted = Int(String(decoding: event.payload.bytes, as: UTF8.self)) ?? 0
        await withCheckedContinuation { continuation in
            let met = self.waiting.withLock { waiting in
                waiting.append(continuation)
                return waiting.count == wanted ? waiting : []
            }
            for continuation in met { continuation.resume() }
        }
    }
}

/// Says that it has begun, waits, and ends as its payload says.
final class Wait: Function {
    private let released = AsyncStream<Void>.makeStream()

    init() async throws {}

    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        let word = String(decoding: event.payload.bytes, as: UTF8.self)
        if ["throw", "return", "deaf"].contains(word) { context.logger.info("begun") }
        switch word {
        case "throw", "silent": try await Task.sleep(for: .seconds(3600))
        case "return": try? await Task.sleep(for: .seconds(3600))
        case "deaf":
            let stream = self.released.stream
            // A task of its own does not hear of the cancellation.
            await Task { for await _ in stream { return } }.value
        case "release": self.released.continuation.yield()
        default: return
        }
    }
}

/// Writes a line above the level and one below it.
struct Chatter: Function {
    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        context.logger.debug("too quiet")
        context.logger.warning(
            "careful",
            metadata: ["plain": "1", "list": ["a", "b"], "error": "\(Broken(description: "the disk is full"))"]
        )
    }
}
