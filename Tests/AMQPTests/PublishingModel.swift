import Messaging
import SeededGeneration
import Testing

@testable import AMQP

/// Plays everything around one publishing connection: those who publish, the broker, the connection that takes over,
/// and time. Some messages are poisonous: the broker closes the channel over them. Others are for a queue that answers
/// nothing until everything is well. It holds the state to its promises at each step.
struct PublishingModel {
    /// Where a message is that was asked for.
    enum Place: Equatable {
        /// The connection has it.
        case held
        case handedOver
        case answered(PublishResult)
    }

    struct OnItsWay: Equatable {
        let number: UInt64
        let note: Note
        var isReturned = false
    }

    struct Timer: Equatable {
        let timer: PublishingTimer
        let due: Duration
    }

    enum Channel: Equatable {
        case none
        case opening
        case selecting
        case ready
        case closing
    }

    private static let broken = BrokerError(.unreachable, "gone")
    private static let refusal = BrokerError(.notFound, "no such exchange")

    let role: PublishingRole
    var random: SeededGenerator
    var state: PublishingState<Note>
    var now = Duration.zero
    var timers: [Timer] = []

    var isConnected = false
    /// It was given up; the loss is told next.
    var isBroken = false
    var isBlocked = false
    var channel = Channel.none
    var number: UInt64 = 0
    var onItsWay: [OnItsWay] = []
    /// The last message that went out on the present channel.
    var lastWritten = -1
    var isEnded = false
    private var isEverythingWell = false

    var places: [Place] = []
    /// The kinds of what was done.
    var deeds: Set<String> = []
    /// What an answer of the broker is to be told as.
    var expected: [PublishingAction<Note>] = []

    init(seed: UInt64, role: PublishingRole) {
        self.role = role
        self.random = SeededGenerator(seed: seed)
        self.state = PublishingState(role: role, at: self.now)
        self.tell(.started)
    }

    var held: Int { self.places.count { $0 == .held } }
    var confirmed: Int { self.places.count { $0 == .answered(.confirmed) } }
    static func isPoisonous(_ note: Note) -> Bool { note.number % 41 == 7 }
    private static func isStuck(_ note: Note) -> Bool { note.number % 61 == 5 }

    // MARK: - What happens

    mutating func step() {
        self.now += .milliseconds(self.number(below: 50))
        if self.isBroken, self.number(below: 3) == 0 { self.lose() }
        if !self.isConnected, self.number(below: 3) == 0 { self.connect() }
        switch self.number(below: 33) {
        case 0..<6: for _ in 0..<self.number(below: 9) { self.ask() }
        case 6..<14: self.write(atMost: self.number(below: 60))
        case 14..<22: self.brokerAnswers()
        case 22..<26: self.brokerGoesOn()
        case 26, 27: self.fireTimer()
        case 28: if self.number(below: 4) == 0 { self.brokerCloses() }
        case 29: if self.number(below: 6) == 0 { self.lose() }
        case 30: if self.number(below: 4) == 0 { self.block() } else { self.unblock() }
        case 31: if self.number(below: 8) == 0 { self.withdraw() }
        default: self.now += .seconds(self.number(below: 7))
        }
        self.check()
    }

    /// Everything is well from now on: the connection does what it has to do.
    mutating func runOut() {
        self.isEverythingWell = true
        for _ in 0..<2000 where self.held > 0 {
            self.now += .milliseconds(10)
            if self.isBroken { self.lose() }
            self.connect()
            self.unblock()
            self.brokerGoesOn()
            self.write(atMost: 100)
            self.closeOverPoison()
            self.fireTimer(onlyIfDue: true)
            if !self.isBroken, !self.onItsWay.isEmpty {
                self.answer(multiple: true, isPositive: true, upTo: self.onItsWay.count - 1)
            }
            self.check()
        }
    }

    mutating func end() {
        self.tell(.close(within: .seconds(1000)))
        for _ in 0..<30 where !self.isEnded { self.step() }
        self.now += .seconds(1000)
        self.tell(.due(.end))
        self.check()
        self.ask()
    }

    private mutating func ask() {
        let note = Note(self.places.count)
        self.places.append(.held)
        self.tell(.asked(note))
    }

    private mutating func write(atMost limit: Int) {
        for _ in 0..<limit {
            guard let note = self.state.takeNext() else { return }
            #expect(self.isConnected && !self.isBroken && !self.isBlocked && self.channel == .ready, "it may be sent")
            #expect(self.places[note.number] == .held)
            #expect(note.number > self.lastWritten, "in the order of the requests, and once on one channel")
            switch self.number(below: 500) {
            case 0: self.tell(.wrote(note, .unsendable))
            case 1: self.tell(.wrote(note, .brokeStream(Self.broken)))
            case 2: self.tell(.wrote(note, .failed(Self.broken)))
            case 3..<20:
                self.tell(.wrote(note, .postponed))
                return
            default:
                self.lastWritten = note.number
                self.number += 1
                self.onItsWay.append(OnItsWay(number: self.number, note: note))
                self.tell(.wrote(note, .sent))
            }
        }
    }

    private mutating func brokerAnswers() {
        guard !self.isBroken, !self.onItsWay.isEmpty else { return }
        let index = min(self.number(below: self.onItsWay.count), self.number(below: self.onItsWay.count))
        switch self.number(below: 6) {
        case 0:
            guard !self.onItsWay[index].isReturned else { return }
            self.onItsWay[index].isReturned = true
            self.tell(.returned(self.onItsWay[index].note.returned))
        case 1: self.answer(multiple: Bool.random(using: &self.random), isPositive: false, upTo: index)
        default: self.answer(multiple: Bool.random(using: &self.random), isPositive: true, upTo: index)
        }
    }

    /// Answers messages, if none of them is poisonous or stuck.
    private mutating func answer(multiple: Bool, isPositive: Bool, upTo index: Int) {
        let answered = multiple ? Array(self.onItsWay[...index]) : [self.onItsWay[index]]
        guard !answered.contains(where: { Self.isPoisonous($0.note) }) else { return self.closeOverPoison() }
        guard self.isEverythingWell || !answered.contains(where: { Self.isStuck($0.note) }) else { return }
        self.onItsWay.removeAll(where: answered.contains)
        self.expected = answered.map {
            .answer($0.note, $0.isReturned ? .unroutable : isPositive ? .confirmed : .nacked)
        }
        self.tell(.answered(answered[answered.count - 1].number, multiple: multiple, isPositive: isPositive))
        #expect(self.expected.isEmpty, "not told")
    }

    private mutating func brokerGoesOn() {
        guard self.isConnected, !self.isBroken else { return }
        switch self.channel {
        case .none, .ready: break
        case .opening:
            self.channel = .selecting
            self.tell(.channelOpened)
        case .selecting:
            self.channel = .ready
            self.tell(.confirmsSelected)
        case .closing: self.tell(.channelClosed)
        }
    }

    private mutating func brokerCloses() {
        guard self.isConnected, !self.isBroken, self.channel != .none else { return }
        guard self.onItsWay.isEmpty else { return self.closeOverPoison() }
        self.closeChannel()
    }

    private mutating func closeOverPoison() {
        guard !self.isBroken, self.onItsWay.contains(where: { Self.isPoisonous($0.note) }) else { return }
        // It may have answered the others before.
        while self.number(below: 8) > 0,
            let index = self.onItsWay.firstIndex(where: { !Self.isPoisonous($0.note) })
        {
            self.answer(multiple: false, isPositive: true, upTo: index)
        }
        self.closeChannel()
    }

    private mutating func closeChannel() {
        self.onItsWay.removeAll()
        self.channel = .none
        self.tell(.channelClosedByBroker(Self.refusal))
    }

    private mutating func connect() {
        guard !self.isConnected else { return }
        self.isConnected = true
        self.isBlocked = false
        self.tell(.connected(to: "broker"))
    }

    /// A connection goes, or does not come.
    private mutating func lose() {
        self.isConnected = false
        self.isBroken = false
        self.channel = .none
        self.onItsWay.removeAll()
        self.tell(.lost(Self.broken))
    }

    private mutating func block() {
        guard self.isConnected, !self.isBroken, !self.isBlocked else { return }
        self.isBlocked = true
        self.tell(.blocked(reason: "memory"))
    }

    private mutating func unblock() {
        guard self.isConnected, !self.isBroken, self.isBlocked else { return }
        self.isBlocked = false
        self.tell(.unblocked)
    }

    /// The next timer, for which time passes if it has to.
    private mutating func fireTimer(onlyIfDue: Bool = false) {
        guard let next = self.timers.indices.min(by: { self.timers[$0].due < self.timers[$1].due }) else { return }
        guard !onlyIfDue || self.timers[next].due <= self.now else { return }
        let timer = self.timers.remove(at: next)
        self.now = max(self.now, timer.due)
        self.tell(.due(timer.timer))
    }

    private mutating func withdraw() {
        let waiting = self.state.withdraw { $0.number % 2 == 0 }
        for note in waiting {
            #expect(self.isBroken || !self.onItsWay.contains { $0.note == note }, "it waits")
            self.handOver(note)
        }
    }

    private mutating func number(below limit: Int) -> Int { Int.random(in: 0..<limit, using: &self.random) }
}
