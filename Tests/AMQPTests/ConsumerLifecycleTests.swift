import Messaging
import SeededGeneration
import Testing

@testable import AMQP

struct ConsumerLifecycleTests {
    private static let error = BrokerError(.unreachable, "gone")

    private static func consuming() -> ConsumerLifecycle {
        var life = ConsumerLifecycle()
        #expect(life.connected() == [.open])
        #expect(life.opened() == [.limit])
        #expect(life.limited() == [.consume])
        #expect(life.subscribed() == [.reportActive])
        #expect(life.canSettle)
        return life
    }

    @Test func `each of the three losses is reported as itself and healed`() {
        var life = Self.consuming()
        #expect(life.connectionLost(Self.error) == [.reportInterrupted(.connection, Self.error)])
        #expect(!life.canSettle)
        #expect(life.connected() == [.open])

        life = Self.consuming()
        #expect(
            life.channelClosedByBroker(Self.error)
                == [.confirmChannelClose, .reportInterrupted(.channel, Self.error), .backOff]
        )
        #expect(life.backedOff() == [.open])

        life = Self.consuming()
        #expect(life.cancelledByBroker(Self.error) == [.reportInterrupted(.consumer, Self.error), .closeChannel])
        #expect(!life.canSettle)
        #expect(life.channelCloseConfirmed() == [.backOff])
        #expect(life.backedOff() == [.open])
    }

    @Test func `a connection that does not come is reported once for each reason`() {
        var life = ConsumerLifecycle()
        let refused = BrokerError(.accessRefused, "wrong password")
        #expect(life.connectionLost(Self.error) == [.reportInterrupted(.connection, Self.error)])
        #expect(life.connectionLost(Self.error) == [])
        #expect(life.connectionLost(refused) == [.reportInterrupted(.connection, refused)])
        #expect(life.connected() == [.open])
        #expect(life.connectionLost(refused) == [.reportInterrupted(.connection, refused)])
        #expect(life.connectionLost(refused) == [])
    }

    @Test func `unsubscribing keeps the channel for settlements`() {
        var life = Self.consuming()
        #expect(life.unsubscribe(.settling) == [.cancel])
        #expect(life.unsubscribe(.settling) == [])
        #expect(life.canSettle)
        #expect(life.cancelConfirmed() == [.reportEnded])
        #expect(life.canSettle)
        let voided = life.connectionLost(Self.error)
        #expect(voided == [.reportInterrupted(.connection, Self.error)], "what still runs cannot be settled any more")
        #expect(!life.canSettle)
        #expect(life.connected() == [], "nobody wants it back")
    }

    @Test func `the tags of an ended channel are void when the broker closes it`() {
        var life = Self.consuming()
        _ = life.unsubscribe(.settling)
        var early = life
        _ = life.cancelConfirmed()
        let report = ConsumerLifecycle.Action.reportInterrupted(.channel, Self.error)
        #expect(life.channelClosedByBroker(Self.error) == [.confirmChannelClose, report])
        #expect(life.state == .over)
        #expect(early.channelClosedByBroker(Self.error) == [.confirmChannelClose, report, .reportEnded])
        #expect(early.state == .over)
    }

    @Test func `a returning departure closes the channel without a cancel, and then ends`() {
        var life = Self.consuming()
        #expect(life.lastAcksTaken() == [], "nobody leaves")
        #expect(life.unsubscribe(.returning) == [.sendLastAcks])
        #expect(life.unsubscribe(.settling) == [])
        #expect(!life.canSettle, "nothing is settled from now on")
        #expect(life.cancelledByBroker(Self.error) == [])
        #expect(life.renew(Self.error) == [])
        #expect(life.channelCloseConfirmed() == [])
        #expect(life.lastAcksTaken() == [.closeChannel])
        #expect(life.lastAcksTaken() == [], "once")
        var crossed = life
        #expect(life.channelCloseConfirmed() == [.reportEnded])
        #expect(life.state == .over)
        #expect(crossed.channelClosedByBroker(Self.error) == [.confirmChannelClose, .reportEnded])
        #expect(crossed.state == .over)
    }

    @Test func `a returning departure ends with its channel or connection`() {
        var life = Self.consuming()
        _ = life.unsubscribe(.returning)
        var other = life
        #expect(life.connectionLost(Self.error) == [.reportInterrupted(.connection, Self.error), .reportEnded])
        #expect(
            other.channelClosedByBroker(Self.error)
                == [.confirmChannelClose, .reportInterrupted(.channel, Self.error), .reportEnded]
        )
        #expect(life.lastAcksTaken() == [])
        #expect([life.state, other.state] == [.over, .over])
    }

    @Test func `a renewed consumer is interrupted once, and begins on a new channel`() {
        var life = Self.consuming()
        #expect(life.renew(Self.error) == [.reportInterrupted(.consumer, Self.error), .closeChannel])
        #expect(!life.canSettle)
        #expect(life.renew(Self.error) == [])
        #expect(life.channelCloseConfirmed() == [.backOff])
        #expect(life.renew(Self.error) == [])
        #expect(life.backedOff() == [.open])
        #expect(life.renew(Self.error) == [], "it is on its way already")
    }

    @Test func `a close that is never confirmed breaks a connection that serves nobody else`() {
        var life = Self.consuming()
        #expect(life.endWentUnanswered(Self.error, isAlone: true) == [])
        _ = life.renew(Self.error)
        #expect(life.endWentUnanswered(Self.error, isAlone: true) == [.breakConnection(Self.error)])
        #expect(life.connectionLost(Self.error) == [.reportInterrupted(.connection, Self.error)])
        #expect(life.connected() == [.open])
    }

    @Test func `on a shared connection it moves away, and what its channel still says counts for nothing`() {
        var life = Self.consuming()
        _ = life.renew(Self.error)
        #expect(life.endWentUnanswered(Self.error, isAlone: false) == [.moveAway(Self.error)])
        #expect(!life.canSettle)
        var closed = life
        #expect(closed.channelCloseConfirmed() == [])
        #expect(life.connectionLost(Self.error) == [], "its successor reports its own losses")
        #expect([life.state, closed.state] == [.over, .over])
    }

    @Test func `one that is unsubscribed ends without the broker's answer`() {
        var cancelling = Self.consuming()
        _ = cancelling.unsubscribe(.settling)
        #expect(
            cancelling.endWentUnanswered(Self.error, isAlone: false)
                == [.reportInterrupted(.channel, Self.error), .closeChannel, .reportEnded]
        )
        var returning = Self.consuming()
        _ = returning.unsubscribe(.returning)
        _ = returning.lastAcksTaken()
        #expect(returning.endWentUnanswered(Self.error, isAlone: false) == [.reportEnded])
        #expect(returning.channelCloseConfirmed() == [])
        #expect(returning.state == .over)
    }

    @Test(arguments: [UnsubscribeMode.settling, .returning])
    func `a consumer that has not begun, or is being closed, ends at once when it is unsubscribed`(
        departure: UnsubscribeMode
    ) {
        var life = ConsumerLifecycle()
        var unbegun: [ConsumerLifecycle] = []
        for step in [{ $0.connected() }, { $0.opened() }, { $0.limited() }]
            as [(inout ConsumerLifecycle) -> [ConsumerLifecycle.Action]]
        {
            _ = step(&life)
            unbegun.append(life)
        }
        for var life in unbegun {
            #expect(life.unsubscribe(departure) == [.closeChannel, .reportEnded], "\(life)")
            #expect(life.opened() + life.limited() + life.subscribed() == [])
            #expect(life.channelCloseConfirmed() == [])
            #expect(life.state == .over)
        }
        var renewed = Self.consuming()
        _ = renewed.renew(Self.error)
        #expect(renewed.unsubscribe(departure) == [.reportEnded])
    }

    @Test func `an ended channel is closed when everything is settled, and then its number is free`() {
        var life = Self.consuming()
        #expect(life.settledAll() == [], "a consumer has no end while it is wanted")
        _ = life.unsubscribe(.settling)
        #expect(life.settledAll() == [], "deliveries may still be on the way")
        _ = life.cancelConfirmed()
        #expect(life.settledAll() == [.closeChannel])
        #expect(life.settledAll() == [], "once")
        #expect(!life.canSettle)
        #expect(life.channelCloseConfirmed() == [])
        #expect(life.state == .over)
    }

    @Test func `both sides closing the channel at once is one interruption`() {
        var life = Self.consuming()
        _ = life.cancelledByBroker(Self.error)
        #expect(life.channelClosedByBroker(Self.error) == [.confirmChannelClose, .backOff])
        #expect(life.channelCloseConfirmed() == [])
        #expect(life.backedOff() == [.open])
    }

    @Test func `a consume that is never answered is reported, and tried again on a new channel`() {
        var life = ConsumerLifecycle()
        _ = life.connected()
        _ = life.opened()
        #expect(life.limited() == [.consume])
        #expect(life.wentUnanswered(Self.error) == [.reportInterrupted(.channel, Self.error), .closeChannel])
        #expect(life.subscribed() == [], "an answer that comes too late changes nothing")
        #expect(life.channelCloseConfirmed() == [.backOff])
        #expect(life.backedOff() == [.open])
        var consuming = Self.consuming()
        #expect(consuming.wentUnanswered(Self.error) == [], "what was answered in time goes on")
    }

    enum Happening: CaseIterable {
        case connected, opened, limited, subscribed, cancelled, channelClosed, closeConfirmed, rested, lost,
            unsubscribe, leave, cancelConfirmed, unanswered, closeUnanswered, closeUnansweredAlone, lastAcksTaken,
            settledAll, renew
    }

    private static func apply(_ happening: Happening, to life: inout ConsumerLifecycle) -> [ConsumerLifecycle.Action] {
        switch happening {
        case .connected: life.connected()
        case .opened: life.opened()
        case .limited: life.limited()
        case .subscribed: life.subscribed()
        case .cancelled: life.cancelledByBroker(self.error)
        case .channelClosed: life.channelClosedByBroker(self.error)
        case .closeConfirmed: life.channelCloseConfirmed()
        case .rested: life.backedOff()
        case .lost: life.connectionLost(self.error)
        case .unsubscribe: life.unsubscribe(.settling)
        case .leave: life.unsubscribe(.returning)
        case .cancelConfirmed: life.cancelConfirmed()
        case .unanswered: life.wentUnanswered(self.error)
        case .closeUnanswered: life.endWentUnanswered(self.error, isAlone: false)
        case .closeUnansweredAlone: life.endWentUnanswered(self.error, isAlone: true)
        case .lastAcksTaken: life.lastAcksTaken()
        case .settledAll: life.settledAll()
        case .renew: life.renew(self.error)
        }
    }

    @Test(arguments: 0..<300)
    func `whatever happens, the end is reported once and nothing follows it`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var life = ConsumerLifecycle()
        var ends = 0
        // Another channel takes its place.
        var isMovedAway = false
        for _ in 0..<60 {
            guard let happening = Happening.allCases.randomElement(using: &random) else { continue }
            let state = life.state
            for action in Self.apply(happening, to: &life) {
                switch action {
                case .reportEnded: ends += 1
                case .reportActive, .reportInterrupted(.consumer, _), .consume, .cancel, .open, .limit, .backOff,
                    .sendLastAcks:
                    #expect(ends == 0 && !isMovedAway, "\(action) after the end, on \(happening)")
                case .reportInterrupted(.channel, _):
                    #expect(ends == 0 || state == .ended, "\(action) after the end, on \(happening)")
                case .confirmChannelClose, .reportInterrupted(.connection, _), .closeChannel, .breakConnection: break
                case .moveAway: isMovedAway = true
                }
            }
        }
        #expect(ends <= 1)
        // Once it is unsubscribed, a loss of the connection ends every state. One that was moved away and whose place
        // nobody has taken yet ends at once.
        let end = life.unsubscribe(.settling)
        if isMovedAway, ends == 0 { #expect(end == [.reportEnded]) }
        let rest = life.connectionLost(Self.error)
        #expect(ends > 0 || [.disconnected, .over].contains(life.state) || rest == [.reportEnded])
    }

    @Test func `an abandoned one closes its channel, whatever it waited for, and reports nothing more`() {
        var cancelling = Self.consuming()
        #expect(cancelling.unsubscribe(.settling) == [.cancel])
        #expect(cancelling.abandon() == [.closeChannel])
        #expect(cancelling.cancelConfirmed() == [])
        #expect(cancelling.channelCloseConfirmed() == [])
        #expect(cancelling.state == .over)

        var ended = Self.consuming()
        _ = ended.unsubscribe(.settling)
        #expect(ended.cancelConfirmed() == [.reportEnded])
        #expect(ended.abandon() == [.closeChannel])
        #expect(ended.connectionLost(Self.error) == [])

        var waiting = ConsumerLifecycle()
        #expect(waiting.abandon() == [])
        #expect(waiting.state == .over)
    }
}
