import Polling

/// An answer on its way to whoever has asked.
struct Reply {
    let answer: HTTPAnswer
    let mailbox: Mailbox<[HTTPAnswer]>

    init(_ answer: HTTPAnswer, to mailbox: Mailbox<[HTTPAnswer]>) {
        self.answer = answer
        self.mailbox = mailbox
    }

    /// For a request that is not made at all.
    static func refusal(
        of request: HTTPRequest,
        _ refusal: TransferRefusal = TransferRefusal(problem: .client, words: "the host has stopped"),
        waited: Duration = .zero
    ) -> Reply {
        Reply(
            HTTPAnswer(
                id: request.id,
                result: .failed(refusal.problem, words: refusal.words),
                retryAfter: nil,
                excerpt: [],
                isTruncated: false,
                microseconds: waited.microseconds
            ),
            to: request.replyTo
        )
    }
}

/// The answers of one turn, gathered by their receivers: each receiver is woken once.
struct Replies {
    private var batches: [ObjectIdentifier: (mailbox: Mailbox<[HTTPAnswer]>, answers: [HTTPAnswer])] = [:]

    mutating func add(_ reply: Reply) {
        self.batches[ObjectIdentifier(reply.mailbox), default: (reply.mailbox, [])].answers.append(reply.answer)
    }

    mutating func send() {
        guard !self.batches.isEmpty else { return }
        for batch in self.batches.values { batch.mailbox.send(batch.answers) }
        self.batches.removeAll(keepingCapacity: true)
    }
}
