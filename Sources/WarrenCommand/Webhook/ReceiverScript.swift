import ArgumentParser
import Synchronization

/// How one request is answered.
enum ReceiverAnswer: Sendable, Equatable, ExpressibleByArgument {
    case status(Int)
    /// No answer: the connection stays open.
    case never

    init?(argument: String) {
        if argument == "never" {
            self = .never
        } else if let status = Int(argument), (200...599).contains(status) {
            self = .status(status)
        } else {
            return nil
        }
    }
}

/// The sequence of answers that a receiver gives.
final class ReceiverScript: Sendable {
    let retryAfter: String?
    let delay: Duration
    private let answers: [ReceiverAnswer]
    private let count = Mutex(0)

    init(answers: [ReceiverAnswer], retryAfter: String?, delay: Duration) {
        self.answers = answers.isEmpty ? [.status(204)] : answers
        self.retryAfter = retryAfter
        self.delay = delay
    }

    /// Returns the answer for the next request.
    func next() -> ReceiverAnswer {
        self.count.withLock { count in
            defer { count += 1 }
            return self.answers[min(count, self.answers.count - 1)]
        }
    }
}
