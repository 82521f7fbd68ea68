import SeededGeneration

/// What happens to a host and its broker.
enum ChaosFault: CaseIterable {
    /// SIGKILL, and another host.
    case killHost
    /// SIGTERM, and another host as soon as the first has ended.
    case drainHost
    /// SIGKILL, and a start with the same data.
    case killBroker
    /// The connections with which hosts consume.
    case cutConnections
    case closeAllConnections
    /// A queue answers nothing for one to three seconds.
    case suspendQueue

    /// Whether a message that is being published meanwhile is published once: who publishes keeps its connection, and
    /// gets its confirmations in time. One that is not is given to the broker again, by the publisher itself, and may
    /// then be there twice.
    var sparesPublishers: Bool {
        switch self {
        case .killHost, .drainHost, .cutConnections: true
        case .killBroker, .closeAllConnections, .suspendQueue: false
        }
    }

    /// Some of them, in the order in which they happen.
    static func some(_ count: Int, using random: inout SeededGenerator) -> [ChaosFault] {
        Array(Self.allCases.shuffled(using: &random).prefix(count))
    }
}
