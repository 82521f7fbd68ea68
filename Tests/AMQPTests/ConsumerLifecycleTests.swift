import Messaging
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
        #expect(life.isChannelOpen)
        return life
    }

    @Test func `each of the three losses is reported as itself and healed`() {
        var life = Self.consuming()
        #expect(life.connectionLost(Self.error) == [.reportInterrupted(.connection, Self.error)])
        #expect(!life.isChannelOpen)
        #expect(life.connected() == [.open])

        life = Self.consuming()
        #expect(
            life.channelClosedByBroker(Self.error)
                == [.confirmChannelClose, .reportInterrupted(.channel, Self.error), .rest]
        )
        #expect(life.rested() == [.open])

        life = Self.consuming()
        #expect(life.cancelledByBroker(Self.error) == [.reportInterrupted(.consumer, Self.error), .closeChannel])
        #expect(!life.isChannelOpen)
        #expect(life.channelCloseConfirmed() == [.rest])
        #expect(life.rested() == [.open])
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
        #expect(life.unsubscribe() == [.cancel])
        #expect(life.unsubscribe() == [])
        #expect(life.isChannelOpen)
        #expect(life.cancelConfirmed() == [.reportEnded])
        #expect(life.isChannelOpen)
        let voided = life.connectionLost(Self.error)
        #expect(voided == [.reportInterrupted(.connection, Self.error)], "what still runs cannot be settled any more")
        #expect(!life.isChannelOpen)
        #expect(life.connected() == [], "nobody wants it back")
    }

    @Test func `an ended channel is closed when everything is settled, and then its number is free`() {
        var life = Self.consuming()
        #expect(life.settledAll() == [], "a consumer has no end while it is wanted")
        _ = life.unsubscribe()
        #expect(life.settledAll() == [], "deliveries may still be on the way")
        _ = life.cancelConfirmed()
        #expect(life.settledAll() == [.closeChannel])
        #expect(life.settledAll() == [], "once")
        #expect(!life.isChannelOpen)
        #expect(life.channelCloseConfirmed() == [])
        #expect(life.state == .over)
    }

    @Test func `both sides closing the channel at once is one interruption`() {
        var life = Self.consuming()
        _ = life.cancelledByBroker(Self.error)
        #expect(life.channelClosedByBroker(Self.error) == [.confirmChannelClose, .rest])
        #expect(life.channelCloseConfirmed() == [])
        #expect(life.rested() == [.open])
    }

    @Test func `a consume that is never answered is reported, and tried again on a new channel`() {
        var life = ConsumerLifecycle()
        _ = life.connected()
        _ = life.opened()
        #expect(life.limited() == [.consume])
        #expect(life.wentUnanswered(Self.error) == [.reportInterrupted(.channel, Self.error), .closeChannel])
        #expect(life.subscribed() == [], "an answer that comes too late changes nothing")
        #expect(life.channelCloseConfirmed() == [.rest])
        #expect(life.rested() == [.open])
        var consuming = Self.consuming()
        #expect(consuming.wentUnanswered(Self.error) == [], "what was answered in time goes on")
    }

    enum Happening: CaseIterable {
        case connected, opened, limited, subscribed, cancelled, channelClosed, closeConfirmed, rested, lost,
            unsubscribe,
            cancelConfirmed, unanswered
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
        case .rested: life.rested()
        case .lost: life.connectionLost(self.error)
        case .unsubscribe: life.unsubscribe()
        case .cancelConfirmed: life.cancelConfirmed()
        case .unanswered: life.wentUnanswered(self.error)
        }
    }

    @Test(arguments: 0..<300)
    func `whatever happens, the end is reported once and nothing follows it`(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var life = ConsumerLifecycle()
        var ends = 0
        for _ in 0..<60 {
            guard let happening = Happening.allCases.randomElement(using: &random) else { continue }
            for action in Self.apply(happening, to: &life) {
                switch action {
                case .reportEnded: ends += 1
                case .reportActive, .reportInterrupted(.channel, _), .reportInterrupted(.consumer, _), .consume,
                    .cancel,
                    .open, .limit, .rest:
                    #expect(ends == 0, "\(action) after the end, on \(happening)")
                case .confirmChannelClose, .reportInterrupted(.connection, _), .closeChannel: break
                }
            }
        }
        #expect(ends <= 1)
        // Once it is unsubscribed, a loss of the connection ends every state.
        _ = life.unsubscribe()
        let rest = life.connectionLost(Self.error)
        #expect(ends > 0 || [.disconnected, .over].contains(life.state) || rest == [.reportEnded])
    }
}
