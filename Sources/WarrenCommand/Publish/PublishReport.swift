import ArgumentParser
import Messaging

/// Counts the results of one `warren publish`.
struct PublishReport: Encodable, Sendable {
    private(set) var published = 0
    private(set) var unroutable = 0
    private(set) var failed = 0
    private(set) var lastID: String?
    private var refusal: BrokerError?

    private enum CodingKeys: String, CodingKey {
        case published
        case unroutable
        case failed
        case lastID = "id"
    }

    mutating func add(_ results: [PublishResult], ids: [String]) {
        for (result, id) in zip(results, ids) {
            switch result {
            case .confirmed:
                self.published += 1
                self.lastID = id
            case .unroutable: self.unroutable += 1
            case .refused(let error):
                self.failed += 1
                self.refusal = self.refusal ?? error
            case .nacked, .headersTooLarge, .abandoned: self.failed += 1
            }
            if case .headersTooLarge = result {
                self.refusal = self.refusal ?? BrokerError(.protocolViolation, "the headers do not fit one AMQP frame")
            }
        }
    }

    /// Whether further events may still succeed.
    var canGoOn: Bool { self.refusal == nil }

    func problem(exchange: String, key: String) -> (words: String, exit: ExitCode)? {
        let total = self.published + self.unroutable + self.failed
        if let refusal = self.refusal, refusal.kind == .notFound {
            return (
                "exchange '\(exchange)' does not exist; start the host that declares it, or name another with "
                    + "--exchange",
                CommandExit.unroutable
            )
        }
        if let refusal = self.refusal {
            return (refusal.description, CommandExit.code(for: refusal))
        }
        if self.failed > 0 {
            return (
                "\(self.failed) of \(total) events were not accepted by the broker; publish them again",
                CommandExit.failed
            )
        }
        if self.unroutable > 0 {
            let count = total == 1 ? "the event" : "\(self.unroutable) of \(total) events"
            return (
                "no queue is bound to exchange '\(exchange)' for '\(key)', so \(count) reached no queue; start the host "
                    + "with a manifest that takes this key",
                CommandExit.unroutable
            )
        }
        return nil
    }
}
