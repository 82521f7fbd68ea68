import Synchronization
import Warren

/// On any event: notes its type and size, and adds sizes up over the life of the worker.
final class RecordEvent: Function {
    private let bytesSeen = Atomic(0)

    init() async throws {}

    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        let size = event.payload.bytes.count
        let total = self.bytesSeen.wrappingAdd(size, ordering: .relaxed).newValue
        context.logger.info(
            "event",
            metadata: ["type": "\(event.type)", "bytes": "\(size)", "total": "\(total)"]
        )
    }
}
