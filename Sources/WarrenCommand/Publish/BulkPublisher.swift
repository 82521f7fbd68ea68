import AMQP
import ArgumentParser
import EventLoops
import Messaging
import Processing

/// Publishes many events, with a limited number of unconfirmed batches, so that memory use stays constant and the
/// broker stays busy.
struct BulkPublisher {
    private static let batchSize = 256
    /// The size in bytes at which a batch is full, so that large events do not pile up in memory.
    private static let fullBatch = 1 << 20
    /// The maximum number of unconfirmed batches.
    private static let window = 24

    let broker: AMQPBroker
    let template: PublishTemplate
    let printsIDs: Bool

    init(broker: AMQPBroker, template: PublishTemplate, printsIDs: Bool) {
        self.broker = broker
        self.template = template
        self.printsIDs = printsIDs
    }

    private struct Batch {
        var messages: [OutgoingMessage] = []
        var ids: [String] = []
        /// Why the rest of the input cannot be read.
        var problem: (any Error)?
        var isLast = false
    }

    private struct Answer: Sendable {
        let results: [PublishResult]
        let ids: [String]
    }

    /// Publishes all lines of the input, and stops early if the broker is lost.
    ///
    /// - Returns: the counts of events by result, and why the input could not be read to its end, if it could not. The
    ///   lines before a bad one are published all the same.
    func publish(_ input: consuming LineReader) async -> (report: PublishReport, inputProblem: (any Error)?) {
        let (answers, answer) = AsyncStream.makeStream(of: Answer.self)
        var iterator = answers.makeAsyncIterator()
        var report = PublishReport()
        var progress = ProgressBar(total: input.size)
        var ids = EventIDs()
        var underWay = 0
        var isAtEnd = false
        var inputProblem: (any Error)?
        while !isAtEnd || underWay > 0 {
            while !isAtEnd, underWay < Self.window, report.canGoOn {
                let batch = self.nextBatch(&input, &ids)
                isAtEnd = batch.isLast
                inputProblem = batch.problem
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
            let confirmed = self.printsIDs ? Self.confirmed(answered) : []
            if !confirmed.isEmpty { Terminal.print(confirmed.joined(separator: "\n")) }
            progress.show(bytes: input.bytesTaken, events: report.published)
        }
        progress.finish()
        return (report, inputProblem)
    }

    private static func confirmed(_ answer: Answer) -> [String] {
        zip(answer.results, answer.ids).compactMap { $0 == .confirmed ? $1 : nil }
    }

    private func nextBatch(_ input: inout LineReader, _ ids: inout EventIDs) -> Batch {
        var batch = Batch()
        batch.messages.reserveCapacity(Self.batchSize)
        batch.ids.reserveCapacity(Self.batchSize)
        let now = WallClock.system.milliseconds
        var bytes = 0
        while batch.messages.count < Self.batchSize, bytes < Self.fullBatch, !batch.isLast {
            do {
                guard let line = try input.next() else {
                    batch.isLast = true
                    break
                }
                bytes += line.count
                let event: (id: String, message: OutgoingMessage)
                do {
                    event = try self.template.event(payload: line[...]) { ids.next(milliseconds: now) }
                } catch {
                    throw ValidationError("line \(input.lineNumber): \(error)")
                }
                batch.messages.append(event.message)
                batch.ids.append(event.id)
            } catch {
                batch.problem = error
                batch.isLast = true
            }
        }
        return batch
    }
}
