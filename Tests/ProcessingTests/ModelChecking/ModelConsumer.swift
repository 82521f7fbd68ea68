import Messaging

/// One function on one host.
struct ModelPlace: Hashable, CustomStringConvertible {
    let host: Int
    /// The queue that the function consumes.
    let queue: Int

    var description: String { "host \(self.host), queue \(self.queue)" }
}

/// A subscription as the model's intake and broker see it.
struct ModelConsumer: Hashable {
    struct ID: Hashable, CustomStringConvertible {
        let place: ModelPlace
        /// The host's life: after a crash it is another one.
        let life: Int
        let subscription: SubscriptionID

        var description: String { "consumer \(self.subscription.number) of \(self.place)" }
    }

    enum Phase: Hashable {
        case wanted
        /// The broker has been told.
        case leaving
        case ended
        case abandoned
    }

    /// What is on its way to the broker on the consumer's channel, in its order.
    enum Frame: Hashable {
        case acknowledge(Int)
        case requeue(Int)
        /// The broker is to dead-letter it.
        case reject(Int)
        /// The end of the consumer; what it holds stays with it.
        case cancel
        /// The end of the channel; what it holds goes back.
        case close

        /// The message that it settles.
        var settled: Int? {
            switch self {
            case .acknowledge(let number), .requeue(let number), .reject(let number): number
            case .cancel, .close: nil
            }
        }
    }

    let id: ID
    /// The life of the function that hears of it.
    let owner: Int
    let prefetch: Int
    var phase = Phase.wanted
    var isActive = false
    var outbox: [Frame] = []

    /// What it holds goes back with its channel.
    var isClosing: Bool { self.phase == .abandoned || self.outbox.contains(.close) }
}
