import FoundationEssentials
import Messaging
import WorkerProtocol

/// A batch function with its payload type erased.
protocol RunnableBatch: RunnableFunction {
    /// Runs the function once on all events that can be decoded. Each element of `batch` is answered once, by its
    /// index: those that cannot be decoded before the function begins, the others when it has ended.
    func run(
        _ batch: [ReceivedInvocation],
        deadline: ContinuousClock.Instant,
        stop: StopSignal,
        makeLogger: @escaping LoggerFactory,
        answer: (Int, Outcome) -> Void
    ) async
}

extension RunnableBatch {
    /// Runs the function on a batch of one.
    func run(
        _ received: ReceivedInvocation,
        deadline: ContinuousClock.Instant,
        stop: StopSignal,
        makeLogger: @escaping LoggerFactory
    ) async -> Outcome {
        var answer: Outcome?
        await self.run([received], deadline: deadline, stop: stop, makeLogger: makeLogger) { answer = $1 }
        guard let answer else { preconditionFailure("each invocation of a batch is answered") }
        return answer
    }
}

struct TypedBatch<Body: BatchFunction>: RunnableBatch {
    private let function: Body
    private let reader: PayloadReader<Body.Payload>
    private let encoder: JSONEncoder

    init(function: Body) {
        self.function = function
        self.reader = PayloadReader(decoder: Body.decoder)
        self.encoder = Body.encoder
    }

    /// An event that the function gets, and the index of its invocation in the batch.
    private struct Member {
        let index: Int
        let item: BatchItem<Body.Payload>
    }

    func run(
        _ batch: [ReceivedInvocation],
        deadline: ContinuousClock.Instant,
        stop: StopSignal,
        makeLogger: @escaping LoggerFactory,
        answer: (Int, Outcome) -> Void
    ) async {
        var members: [Member] = []
        members.reserveCapacity(batch.count)
        for (index, received) in batch.enumerated() {
            do throws(UndecodableEvent) {
                let (origin, payload) = try self.reader.read(received)
                let state = InvocationState(origin, deadline: deadline, encoder: self.encoder, makeLogger: makeLogger)
                let item = BatchItem(event: Event(origin, payload: payload), context: FunctionContext(state))
                members.append(Member(index: index, item: item))
            } catch {
                answer(index, .undecodable(error))
            }
        }
        guard !members.isEmpty else { return }
        var thrown: (any Error)?
        do {
            try await self.function.handle(members.map { $0.item })
        } catch {
            thrown = error
        }
        let isLate = stop.reason == .deadline || ContinuousClock.now >= deadline
        // All events of one manifest have the same timeout.
        let timeout = isLate ? batch.first?.run.timeout : nil
        for member in members {
            let state = member.item.context.state
            let emitted = state.end()
            if let failure = state.failure {
                // The function itself has decided about this event, so a passed deadline changes nothing.
                answer(member.index, .thrown(failure, lateAfter: nil))
            } else if let thrown {
                answer(member.index, .thrown(thrown, lateAfter: timeout))
            } else {
                answer(member.index, .done(emitted: emitted))
            }
        }
    }
}
