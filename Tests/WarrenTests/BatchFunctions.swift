import Synchronization
import Warren

struct BatchCommand: Codable, Sendable {
    let word: String
}

/// Emits for each event how many its batch has, and does with each what its payload says.
struct ObeyTogether: BatchFunction {
    func handle(_ batch: [BatchItem<BatchCommand>]) async throws {
        var thrown: (any Error)?
        for item in batch {
            try item.context.emit("size", batch.count)
            try item.context.emit("id", item.event.id)
            switch item.event.payload.word {
            case "later": item.fail(RetryLater(after: .seconds(3), reason: "busy"))
            case "reject": item.fail(Rejected("no such order"))
            case "fail": item.fail(Broken(description: "the disk is full"))
            case "fail-twice":
                item.fail(Broken(description: "first"))
                item.fail(Rejected("second"))
            case "throw": thrown = Broken(description: "the network is down")
            case "throw-later": thrown = RetryLater(after: .seconds(1), reason: "locked")
            default: break
            }
        }
        if let thrown { throw thrown }
    }
}

/// Waits for its cancellation, and then does with each event what its payload says.
struct WaitTogether: BatchFunction {
    func handle(_ batch: [BatchItem<BatchCommand>]) async throws {
        for item in batch where item.event.payload.word == "fail" { item.fail(Rejected("refused in time")) }
        batch.first?.context.logger.info("begun")
        if batch.contains(where: { $0.event.payload.word == "return" }) {
            try? await Task.sleep(for: .seconds(3600))
        } else {
            try await Task.sleep(for: .seconds(3600))
        }
    }
}

/// Keeps the batches that it was given, to see what their items can do after the end.
final class KeepItems: BatchFunction {
    static let kept = Mutex<[[BatchItem<BatchCommand>]]>([])

    init() async throws {}

    func handle(_ batch: [BatchItem<BatchCommand>]) async throws { Self.kept.withLock { $0.append(batch) } }
}
