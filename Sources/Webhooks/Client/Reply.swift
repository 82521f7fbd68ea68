import EventLoops

/// An answer, and the mailbox of the sender that it is for.
struct Reply {
    let answer: HTTPAnswer
    let mailbox: Mailbox<[ClientReport]>

    init(_ answer: HTTPAnswer, to mailbox: Mailbox<[ClientReport]>) {
        self.answer = answer
        self.mailbox = mailbox
    }

    /// The answer to a request that is not sent at all.
    static func refusal(
        of request: HTTPRequest,
        _ refusal: TransferRefusal = .hostStopped,
        waited: Duration = .zero
    ) -> Reply {
        self.refusal(of: request.id, refusal, waited: waited, to: request.replyTo)
    }

    static func refusal(
        of id: UInt64,
        _ refusal: TransferRefusal = .hostStopped,
        waited: Duration = .zero,
        to mailbox: Mailbox<[ClientReport]>
    ) -> Reply {
        Reply(
            HTTPAnswer(
                id: id,
                result: .failed(refusal.problem, words: refusal.words),
                retryAfter: nil,
                excerpt: [],
                isTruncated: false,
                microseconds: waited.microseconds
            ),
            to: mailbox
        )
    }
}

extension TransferRefusal {
    static let hostStopped = TransferRefusal(problem: .client, words: "the host has stopped")
}

/// The answers of one turn, grouped by mailbox so that each receiver is woken once.
struct Replies {
    private var batches: [ObjectIdentifier: (mailbox: Mailbox<[ClientReport]>, reports: [ClientReport])] = [:]

    mutating func add(_ reply: Reply) {
        self.batches[ObjectIdentifier(reply.mailbox), default: (reply.mailbox, [])].reports
            .append(.answered(reply.answer))
    }

    mutating func send() {
        guard !self.batches.isEmpty else { return }
        for batch in self.batches.values { batch.mailbox.send(batch.reports) }
        self.batches.removeAll(keepingCapacity: true)
    }
}
