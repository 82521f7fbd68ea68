import Messaging

/// What a publishing connection is for.
enum PublishingRole: Equatable {
    /// There is no other connection. If the broker, once it has been reached, answers nothing for so long while
    /// messages wait, they are answered with `refused`: the broker is away, blocks the connection, or confirms nothing.
    /// A broker that cannot be reached at first is given up at once.
    case alone(giveUpAfter: Duration)
    /// A second connection takes the messages that this one has trouble with.
    case regular
    /// That second connection: all its messages are suspects.
    case suspects

    /// Whether a supervisor decides on which connection messages are sent.
    var hasSupervisor: Bool {
        switch self {
        case .alone: false
        case .regular, .suspects: true
        }
    }
}

/// What happens to a publishing connection.
enum PublishingEvent<Item: Returnable>: Equatable {
    /// The connection is set up; the regular look at late messages begins.
    case started

    // MARK: The publisher
    case asked(Item)
    /// Messages that the supervisor gave back: this connection is to send them after all.
    case givenBack([Item])
    /// Forget all messages, which are kept elsewhere, and begin again.
    case forget
    /// Close; unfinished messages get this much time.
    case close(within: Duration)

    // MARK: The connection
    /// Connected to the broker at this address, given in a form that is safe to show.
    case connected(to: String)
    /// The connection was lost, or another attempt to connect has failed.
    case lost(BrokerError)
    case blocked(reason: String)
    case unblocked

    // MARK: The channel
    /// channel.open-ok
    case channelOpened
    /// confirm.select-ok
    case confirmsSelected
    /// channel.close-ok
    case channelClosed
    /// channel.close
    case channelClosedByBroker(BrokerError)

    // MARK: Messages
    /// The outcome for the message that `takeNext` returned.
    case wrote(Item, WriteOutcome)
    /// basic.ack (positive) or basic.nack: the number of a message, or of the last of several.
    case answered(UInt64, multiple: Bool, isPositive: Bool)
    case returned(ReturnedMessage)

    case due(PublishingTimer)
}

enum WriteOutcome: Equatable {
    case sent
    /// Not tried: other work gets its turn, or the socket takes no more for now.
    case postponed
    /// librabbitmq cannot send these headers; nothing was sent.
    case unsendable
    /// Only a part was sent: the channel's stream is broken.
    case brokeStream(BrokerError)
    /// Writing to the connection failed.
    case failed(BrokerError)
}

/// What a publishing connection waits for. A timer is armed once and never cancelled: when it is due although its
/// reason is gone, it has no effect.
enum PublishingTimer: Equatable {
    /// The next look at late messages.
    case watch
    /// The broker may have been silent for too long.
    case silence
    /// The limit for the last answers on the channel with this number, which is to be replaced.
    case lastAnswers(channel: Int)
    /// The limit for channel.close-ok of that channel.
    case channelEnd(channel: Int)
    /// The end of the rest after the broker has closed that channel.
    case backOff(channel: Int)
    /// The limit for closing the connection.
    case end
}

/// What the driver of a publishing connection is to do.
enum PublishingAction<Item: Returnable>: Equatable {
    // MARK: The publisher
    case answer(Item, PublishResult)
    case answerAll([Item], PublishResult)
    /// The broker has closed the channel while this was the only message on its way: refuse it, and tell the
    /// supervisor.
    case refuse(Item, BrokerError)

    // MARK: The other connection
    /// Messages that are not on their way any more. The supervisor gives back at once those that it does not take.
    case handOver([Item], HandOver)
    /// Messages that are not answered in time. They stay on their way.
    case suspectLate([Item])
    /// Nothing is answered. What is on its way stays there, and further messages are sent on another connection.
    case retire
    /// No suspect is answered, and this one is the first in line: let others go first.
    case changeOrder(behind: Item)

    // MARK: The broker
    case openChannel
    case selectConfirms
    case closeChannel
    case confirmChannelClose
    /// Gives up the connection. The driver then reports `lost` and connects again.
    case breakConnection(BrokerError)
    /// Closes the connection for good.
    case endConnection

    case arm(PublishingTimer, after: Duration)
    case log(PublishingNote)
}

enum HandOver: Equatable {
    /// One of the messages has made the broker close the channel, or stop, or leave the others unanswered.
    case asSuspects(because: BrokerError)
    /// The connection was lost for another reason: only messages to targets that are suspects already go to the other
    /// connection.
    case sortedOut
}

/// What is written to the log.
enum PublishingNote: Equatable {
    case renewsChannel
    case blocked(reason: String)
    case unblocked
}
