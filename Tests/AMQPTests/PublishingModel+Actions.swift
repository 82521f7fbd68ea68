import Messaging
import Testing

@testable import AMQP

/// What the model does about what the state decides, and what it expects of that.
extension PublishingModel {
    // MARK: - What is done about it

    mutating func tell(_ event: PublishingEvent<Note>) {
        var actions: [PublishingAction<Note>] = []
        self.state.handle(event, at: self.now, &actions)
        for action in actions { self.perform(action) }
    }

    private mutating func perform(_ action: PublishingAction<Note>) {
        #expect(!self.isEnded || self.isAnswer(action), "nothing is done behind the end: \(action)")
        self.deeds.insert(String("\(action)".prefix { $0 != "(" }))
        switch action {
        case .answer(let note, let result): self.answer(note, result, as: action)
        case .answerAll(let notes, let result):
            switch result {
            case .refused: #expect(self.role.givesUp, "only without another connection")
            case .abandoned: #expect(self.state.isEnding)
            case .confirmed, .unroutable, .nacked, .headersTooLarge: Issue.record("no answer of many: \(result)")
            }
            for note in notes { self.finish(note, result) }
        case .refuse(let note, let error):
            #expect(Self.isPoisonous(note), "\(note) is innocent")
            self.finish(note, .refused(error))
        case .handOver(let notes, let how):
            #expect(self.role == .regular && !self.state.isEnding)
            self.handOver(notes, how)
        case .suspectLate(let notes):
            for note in notes { #expect(self.onItsWay.contains { $0.note == note }) }
        case .retire: #expect(self.role == .regular)
        case .changeOrder(let first):
            #expect(self.onItsWay.first?.note == first)
            self.forget()
        case .openChannel: self.go(from: [.none, .closing], to: .opening)
        case .selectConfirms: self.go(from: [.selecting], to: .selecting)
        case .closeChannel:
            #expect(self.onItsWay.isEmpty, "answers are waited for")
            self.go(from: [.ready], to: .closing)
        case .confirmChannelClose: #expect(self.isConnected)
        case .breakConnection:
            #expect(self.isConnected && !self.isBroken, "once")
            self.isBroken = true
        case .endConnection: self.isEnded = true
        case .arm(let timer, let delay):
            self.timers.append(Timer(timer: timer, due: self.now + delay))
        case .log: break
        }
    }

    private func isAnswer(_ action: PublishingAction<Note>) -> Bool {
        if case .answer(_, .abandoned) = action { true } else { false }
    }

    private mutating func answer(_ note: Note, _ result: PublishResult, as action: PublishingAction<Note>) {
        switch result {
        case .confirmed, .unroutable, .nacked:
            #expect(self.expected.first == action, "the broker has not said so")
            if !self.expected.isEmpty { self.expected.removeFirst() }
        case .headersTooLarge: break
        case .abandoned: #expect(self.isEnded)
        case .refused: Issue.record("told in another way")
        }
        self.finish(note, result)
    }

    private mutating func finish(_ note: Note, _ result: PublishResult) {
        #expect(self.places[note.number] == .held, "\(note) is answered, and was not held")
        self.places[note.number] = .answered(result)
    }

    private mutating func handOver(_ notes: [Note], _ how: HandOver) {
        for note in notes { self.handOver(note) }
        switch how {
        case .asSuspects: break
        case .sortedOut:
            let back = notes.filter { _ in Bool.random(using: &self.random) }
            for note in back { self.places[note.number] = .held }
            self.tell(.givenBack(back))
        }
    }

    mutating func handOver(_ note: Note) {
        #expect(self.places[note.number] == .held, "\(note) is handed over, and was not held")
        self.places[note.number] = .handedOver
        self.onItsWay.removeAll { $0.note == note }
    }

    /// What the suspects' connection has is kept elsewhere.
    private mutating func forget() {
        for number in self.places.indices where self.places[number] == .held { self.places[number] = .handedOver }
        self.onItsWay.removeAll()
        self.tell(.forget)
    }

    private mutating func go(from old: [Channel], to new: Channel) {
        #expect(self.isConnected && !self.isBroken && old.contains(self.channel), "\(new) from \(self.channel)")
        self.channel = new
        guard new == .opening else { return }
        #expect(self.onItsWay.isEmpty)
        self.number = 0
        self.lastWritten = -1
    }

    // MARK: - Promises

    func check() {
        let backlog = self.state.backlog
        #expect(backlog.unanswered + backlog.waiting == self.held, "it holds what is not answered, and nothing else")
        #expect(backlog.unanswered <= PublishBacklog<Note>.window)
        for timer in [PublishingTimer.watch, .silence, .end] {
            #expect(self.timers.count { $0.timer == timer } <= 1)
        }
    }
}

extension PublishingRole {
    fileprivate var givesUp: Bool { if case .alone = self { true } else { false } }
}
