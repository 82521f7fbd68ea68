import Messaging

/// Messages to publish together, and the callback for their results.
struct PublishRequest: Sendable {
    let messages: [OutgoingMessage]
    let completion: @Sendable ([PublishResult]) -> Void
}

/// One message of a request, with the index of its result.
struct PublishItem {
    let batch: PublishBatch
    let index: Int
    var message: OutgoingMessage { self.batch.messages[self.index] }
    var target: PublishTarget { PublishTarget(exchange: self.message.exchange, routingKey: self.message.routingKey) }

    func answer(_ result: PublishResult) { self.batch.set(result, at: self.index) }
}

extension PublishItem: Returnable {
    static func == (one: PublishItem, other: PublishItem) -> Bool {
        one.batch === other.batch && one.index == other.index
    }

    func fits(_ returned: ReturnedMessage) -> Bool {
        let message = self.batch.messages[self.index]
        // The broker repeats the ID as it was sent, cut to a short string.
        return message.properties.messageID.map(MessageEncoder.shortString) == returned.messageID
            && message.exchange == returned.exchange && message.routingKey == returned.routingKey
    }
}

/// Collects the results of one request. Used on the publishing thread only.
final class PublishBatch {
    let messages: [OutgoingMessage]
    private var results: [PublishResult?]
    private var missing: Int
    private let completion: @Sendable ([PublishResult]) -> Void

    init(_ request: PublishRequest) {
        self.messages = request.messages
        self.results = Array(repeating: nil, count: request.messages.count)
        self.missing = request.messages.count
        self.completion = request.completion
    }

    func set(_ result: PublishResult, at index: Int) {
        guard self.results[index] == nil else { return }
        self.results[index] = result
        self.missing -= 1
        self.finishIfComplete()
    }

    func finishIfComplete() {
        if self.missing == 0 { self.completion(self.results.compactMap { $0 }) }
    }
}
