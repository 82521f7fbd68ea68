import AMQP
import Messaging
import Processing

/// Publishes many events with a window of unconfirmed ones, so that memory stays flat and the broker busy.
struct BulkPublisher {
    private static let batchSize = 256
    /// Batches under way at once.
    private static let window = 24

    let broker: AMQPBroker
    let template: PublishTemplate
    let printsIDs: Bool

    init(broker: AMQPBroker, template: PublishTemplate, printsIDs: Bool) {
        self.broker = broker
        self.template = template
        self.printsIDs = printsIDs
    }

    private struct Answer: Sendable {
        let results: [PublishResult]
        let ids: [String]
    }

    /// Reads to the end of the input, unless the broker is lost on the way.
    func publish(_ input: consuming LineReader) async throws -> PublishReport {
        let (answers, answer) = AsyncStream.makeStream(of: Answer.self)
        var iterator = answers.makeAsyncIterator()
        var report = PublishReport()
        var progress = ProgressBar(total: input.size)
        var ids = EventIDs()
        var underWay = 0
        var isAtEnd = false
        while !isAtEnd || underWay > 0 {
            while !isAtEnd, underWay < Self.window, report.canGoOn {
                let batch = try self.nextBatch(&input, &ids)
                isAtEnd = batch.messages.count < Self.batchSize
                guard !batch.messages.isEmpty else { break }
                underWay += 1
                self.broker.publish(batch.messages) { results in
                    answer.yield(Answer(results: results, ids: batch.ids))
                }
            }
            if !report.canGoOn { isAtEnd = true }
            guard underWay > 0, let answered = await iterator.next() else { continue }
            underWay -= 1
            report.add(answered.results, ids: answered.ids)
            if self.printsIDs { Terminal.print(Self.confirmed(answered).joined(separator: "\n")) }
            progress.show(bytes: input.bytesTaken, events: report.published)
        }
        progress.finish()
        return report
    }

    private static func confirmed(_ answer: Answer) -> [String] {
        zip(answer.results, answer.ids).compactMap { $0 == .confirmed ? $1 : nil }
    }

    private func nextBatch(
        _ input: inout LineReader,
        _ ids: inout EventIDs
    ) throws -> (messages: [OutgoingMessage], ids: [String]) {
        var messages: [OutgoingMessage] = []
        var names: [String] = []
        messages.reserveCapacity(Self.batchSize)
        names.reserveCapacity(Self.batchSize)
        let now = WallClock.system.milliseconds
        while messages.count < Self.batchSize, let line = try input.next() {
            let id = ids.next(milliseconds: now)
            messages.append(self.template.message(id: id, payload: line[...]))
            names.append(id)
        }
        return (messages, names)
    }
}
