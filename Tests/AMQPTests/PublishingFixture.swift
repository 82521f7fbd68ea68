import Messaging

@testable import AMQP

/// A message of these tests. A return means it by its number.
struct Note: Returnable, Hashable {
    let number: Int

    init(_ number: Int) { self.number = number }

    func fits(_ returned: ReturnedMessage) -> Bool { returned.messageID == "\(self.number)" }

    var returned: ReturnedMessage { ReturnedMessage(messageID: "\(self.number)", exchange: "e", routingKey: "k") }
}

/// A publishing state with its clock: tells it what happens, and keeps what is to be done about it.
struct PublishingFixture {
    typealias Action = PublishingAction<Note>
    typealias Event = PublishingEvent<Note>

    static let error = BrokerError(.unreachable, "gone")
    static let refusal = BrokerError(.accessRefused, "not for you")

    private(set) var state: PublishingState<Note>
    private(set) var now = Duration.seconds(100)

    init(_ role: PublishingRole) { self.state = PublishingState(role: role, at: self.now) }

    /// One whose channel takes messages.
    static func ready(_ role: PublishingRole) -> PublishingFixture {
        var fixture = PublishingFixture(role)
        fixture.comeUp()
        return fixture
    }

    mutating func callAsFunction(_ event: Event) -> [Action] {
        var actions: [Action] = []
        self.state.handle(event, at: self.now, &actions)
        return actions
    }

    mutating func wait(_ duration: Duration) { self.now += duration }

    mutating func comeUp() {
        _ = self(.connected(to: "broker"))
        self.openChannel()
    }

    mutating func openChannel() {
        _ = self(.channelOpened)
        _ = self(.confirmsSelected)
    }

    mutating func ask(_ numbers: some Sequence<Int>) { for number in numbers { _ = self(.asked(Note(number))) } }

    /// Sends what may be sent.
    ///
    /// - Returns: the messages' numbers.
    @discardableResult
    mutating func send() -> [Int] {
        var sent: [Int] = []
        while let note = self.state.takeNext() {
            sent.append(note.number)
            _ = self(.wrote(note, .sent))
        }
        return sent
    }

    /// The message that would be sent now.
    mutating func next() -> Note? {
        guard let note = self.state.takeNext() else { return nil }
        _ = self(.wrote(note, .postponed))
        return note
    }

    /// Takes the next message, of which this becomes.
    mutating func write(_ outcome: WriteOutcome) -> [Action] {
        guard let note = self.state.takeNext() else { return [] }
        return self(.wrote(note, outcome))
    }

    /// Asks and sends.
    mutating func publish(_ numbers: some Sequence<Int>) {
        self.ask(numbers)
        self.send()
    }

    mutating func withdraw(where isIncluded: (Note) -> Bool) -> [Note] { self.state.withdraw(where: isIncluded) }

    static func ack(_ number: UInt64, multiple: Bool = false) -> Event {
        .answered(number, multiple: multiple, isPositive: true)
    }

    static func nack(_ number: UInt64, multiple: Bool = false) -> Event {
        .answered(number, multiple: multiple, isPositive: false)
    }

    static func notes(_ numbers: some Sequence<Int>) -> [Note] { numbers.map { Note($0) } }
}
