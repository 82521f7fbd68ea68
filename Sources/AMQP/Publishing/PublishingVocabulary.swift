import Messaging

/// What a publishing connection is for.
enum PublishingRole: Equatable {
    /// There is no other one. When the broker, once it has been reached, answers nothing for so long while messages
    /// wait, they are answered with `refused`: it is away, blocks, or confirms nothing. A broker that cannot be reached
    /// at first is given up at once.
    case alone(giveUpAfter: Duration)
    /// Another connection takes what this one has trouble with.
    case regular
    /// It is that other one: all its messages are suspects.
    case suspects

    /// Somebody decides by which connection messages go.
    var hasSupervisor: Bool {
        switch self {
        case .alone: false
        case .regular, .suspects: true
        }
    }
}

/// What happens to a publishing connection.
enum PublishingEvent<Item: Returnable>: Equatable {
    /// It is there; looks at what is late begin.
    case started

    // MARK: Whoever publishes
    case asked(Item)
    /// Handed over, and to be sent by this connection all the same.
    case givenBack([Item])
    /// All that it has is kept elsewhere: it forgets it, and begins anew.
    case forget
    /// The end is wanted; what is under way may take so long.
    case close(within: Duration)

    // MARK: The connection
    /// To the broker of this address, as it may be shown.
    case connected(to: String)
    /// It is lost, or another attempt to make one has failed.
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
    /// What became of the message that was taken to be sent.
    case wrote(Item, WriteOutcome)
    /// basic.ack (positive) or basic.nack: the number of a message, or of the last of several.
    case answered(UInt64, multiple: Bool, isPositive: Bool)
    case returned(ReturnedMessage)

    case due(PublishingTimer)
}

enum WriteOutcome: Equatable {
    case sent
    /// Not tried now: others get their turn, or the socket takes no more.
    case postponed
    /// The headers are none that can be sent; nothing has gone out.
    case unsendable
    /// Only a part has gone out: the channel's stream is broken.
    case brokeStream(BrokerError)
    /// The connection does not take it.
    case failed(BrokerError)
}

/// What a publishing connection waits for. A timer is armed once and never cancelled: what it was armed for may be over
/// when it is due, and then it means nothing.
enum PublishingTimer: Equatable {
    /// The next look at what is late.
    case watch
    /// The broker may have been silent for too long.
    case silence
    /// The last answers on the channel with this number, which makes room for a new one.
    case lastAnswers(channel: Int)
    /// The end of that channel.
    case channelEnd(channel: Int)
    /// The rest after the broker has closed it.
    case rest(channel: Int)
    /// The end of the connection.
    case end
}

/// What the driver of a publishing connection is to do.
enum PublishingAction<Item: Returnable>: Equatable {
    // MARK: Whoever publishes
    case answer(Item, PublishResult)
    case answerAll([Item], PublishResult)
    /// The broker has closed the channel with this one alone on its way: it is refused, and the supervisor is told.
    case refuse(Item, BrokerError)

    // MARK: The other connection
    /// They are not on their way any more. What the supervisor does not take is given back at once.
    case handOver([Item], HandOver)
    /// These are not answered in time. They stay on their way.
    case suspectLate([Item])
    /// Nothing is answered, and what is on its way stays there: what is to come goes by another connection.
    case passBy
    /// None of the suspects is answered, beginning with this one: others come first.
    case changeOrder(behind: Item)

    // MARK: The broker
    case openChannel
    case selectConfirms
    case closeChannel
    case confirmChannelClose
    /// Gives the connection up; `lost` is told then, and another one is made.
    case breakConnection(BrokerError)
    /// Ends it for good.
    case endConnection

    case arm(PublishingTimer, after: Duration)
    case log(PublishingNote)
}

enum HandOver: Equatable {
    /// One of them has made the broker close the channel, or stop, or leave the others unanswered.
    case asSuspects(because: BrokerError)
    /// The connection was lost for another reason: only what is suspected already goes by the other one.
    case sortedOut
}

/// What people are told.
enum PublishingNote: Equatable {
    case renewsChannel
    case blocked(reason: String)
    case unblocked
}
