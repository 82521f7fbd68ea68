import Messaging
import Testing

@testable import AMQP

/// What a publishing connection does about a channel or a connection that goes, and about a broker that is silent.
struct PublishingLossTests {
    private typealias Fixture = PublishingFixture

    private static let limit = Duration.seconds(10)
    private static let alone = PublishingRole.alone(giveUpAfter: limit)

    // MARK: - The connection

    @Test func `alone, what was on its way goes again, before what waits and in its order`() {
        var publishing = Fixture.ready(Self.alone)
        publishing.publish(1...4)
        _ = publishing(Fixture.ack(2))
        publishing.ask(5...5)
        #expect(publishing(.lost(Fixture.error)) == [])
        #expect(publishing(.lost(Fixture.error)) == [], "an attempt that fails changes nothing")
        publishing.comeUp()
        #expect(publishing.send() == [1, 3, 4, 5])
        #expect(publishing(Fixture.ack(1)) == [.answer(Note(1), .confirmed)], "numbers begin again")
    }

    @Test func `beside another one, what is suspected goes by that, and the rest comes back`() {
        var publishing = Fixture.ready(.regular)
        publishing.publish(1...3)
        publishing.ask(4...4)
        #expect(publishing(.lost(Fixture.error)) == [.handOver(Fixture.notes(1...3), .sortedOut)])
        #expect(publishing(.givenBack(Fixture.notes([1, 3]))) == [])
        publishing.comeUp()
        #expect(publishing.send() == [1, 3, 4])
    }

    @Test func `a connection that is lost while the broker reads nothing makes suspects of what was on its way`() {
        var publishing = Fixture.ready(.regular)
        let many = 1...(PublishWatch.harmless + 1)
        publishing.publish(many)
        publishing.wait(PublishWatch.silence)
        var failing = publishing
        let handOver = Fixture.Action.handOver(Fixture.notes(many), .asSuspects(because: Fixture.error))
        #expect(publishing(.lost(Fixture.error)) == [handOver])
        failing.ask(100...100)
        #expect(failing.write(.failed(Fixture.error)) == [.breakConnection(Fixture.error)])
        #expect(failing(.lost(Fixture.error)) == [handOver], "nor did it take another one")
    }

    @Test func `suspects stay with their connection`() {
        var publishing = Fixture.ready(.suspects)
        publishing.publish(1...2)
        #expect(publishing(.lost(Fixture.error)) == [])
        publishing.comeUp()
        #expect(publishing.send() == [1, 2])
    }

    @Test func `alone, a broker that cannot be reached at first, or refuses access, is given up at once`() {
        var publishing = Fixture(Self.alone)
        publishing.ask(1...2)
        #expect(publishing(.lost(Fixture.error)) == [.answerAll(Fixture.notes(1...2), .refused(Fixture.error))])
        publishing.comeUp()
        publishing.publish(3...3)
        #expect(publishing(.lost(Fixture.error)) == [])
        publishing.ask(4...4)
        #expect(publishing(.lost(Fixture.refusal)) == [.answerAll(Fixture.notes(3...4), .refused(Fixture.refusal))])
        var regular = Fixture(.regular)
        regular.ask(1...1)
        #expect(regular(.lost(Fixture.refusal)) == [])
        regular.comeUp()
        #expect(regular.send() == [1])
    }

    // MARK: - The channel

    @Test(arguments: [alone, .regular, .suspects])
    func `the broker closes the channel over the one message that is on its way: that one is refused`(
        role: PublishingRole
    ) {
        var publishing = Fixture.ready(role)
        publishing.publish(1...2)
        _ = publishing(Fixture.ack(1))
        publishing.ask(3...3)
        #expect(
            publishing(.channelClosedByBroker(Fixture.refusal))
                == [.confirmChannelClose, .refuse(Note(2), Fixture.refusal), .openChannel]
        )
        #expect(publishing.next() == nil)
        publishing.openChannel()
        #expect(publishing.send() == [3])
        #expect(publishing(Fixture.ack(1)) == [.answer(Note(3), .confirmed)])
    }

    @Test func `beside another one, all over which the channel was closed are suspects`() {
        var publishing = Fixture.ready(.regular)
        publishing.publish(1...3)
        #expect(
            publishing(.channelClosedByBroker(Fixture.refusal)) == [
                .confirmChannelClose, .handOver(Fixture.notes(1...3), .asSuspects(because: Fixture.refusal)),
                .openChannel,
            ]
        )
        publishing.openChannel()
        publishing.publish(4...5)
        #expect(publishing(Fixture.ack(2, multiple: true)).count == 2)
    }

    @Test(arguments: [alone, .suspects])
    func `alone, they go one at a time until the culprit is found`(role: PublishingRole) {
        var publishing = Fixture.ready(role)
        publishing.publish(1...3)
        publishing.ask(4...6)
        #expect(publishing(.channelClosedByBroker(Fixture.refusal)) == [.confirmChannelClose, .openChannel])
        publishing.openChannel()
        #expect(publishing.send() == [1])
        #expect(publishing(Fixture.ack(1)) == [.answer(Note(1), .confirmed)])
        #expect(publishing.send() == [2])
        #expect(
            publishing(.channelClosedByBroker(Fixture.refusal))
                == [.confirmChannelClose, .refuse(Note(2), Fixture.refusal), .openChannel]
        )
        publishing.openChannel()
        #expect(publishing.send() == [3])
        _ = publishing(Fixture.ack(1))
        #expect(publishing.send() == [4, 5, 6], "those behind were no suspects")
    }

    @Test func `a channel that is closed over nothing rests`() {
        var publishing = Fixture.ready(.regular)
        publishing.publish(1...1)
        _ = publishing(Fixture.ack(1))
        publishing.ask(2...2)
        let rest = PublishingTimer.backOff(channel: 1)
        #expect(
            publishing(.channelClosedByBroker(Fixture.refusal))
                == [.confirmChannelClose, .arm(rest, after: PublishingChannel.backOffTime)]
        )
        #expect(publishing.next() == nil)
        #expect(publishing(.due(rest)) == [.openChannel])
        #expect(publishing(.due(rest)) == [], "that channel is over")
        publishing.openChannel()
        #expect(publishing.send() == [2])
        #expect(publishing(Fixture.ack(1)) == [.answer(Note(2), .confirmed)], "numbers begin again")
    }

    @Test func `each channel has its whole rest`() {
        var publishing = Fixture.ready(.regular)
        _ = publishing(.channelClosedByBroker(Fixture.refusal))
        _ = publishing(.lost(Fixture.error))
        publishing.comeUp()
        _ = publishing(.channelClosedByBroker(Fixture.refusal))
        #expect(publishing(.due(.backOff(channel: 1))) == [])
        #expect(publishing(.due(.backOff(channel: 2))) == [.openChannel])
    }

    @Test func `a rest ends with its connection`() {
        var publishing = Fixture.ready(.regular)
        _ = publishing(.channelClosedByBroker(Fixture.refusal))
        _ = publishing(.lost(Fixture.error))
        #expect(publishing(.due(.backOff(channel: 1))) == [])
        #expect(publishing(.connected(to: "broker")) == [.openChannel])
        #expect(publishing(.due(.backOff(channel: 1))) == [])
    }

    // MARK: - A channel that goes on refusing

    /// Refuses one message each half second, the last of three with another one on its way.
    private static func refusing(_ role: PublishingRole) -> PublishingFixture {
        var publishing = Fixture.ready(role)
        publishing.publish(1...4)
        #expect(publishing(Fixture.nack(1)) == [.answer(Note(1), .nacked)])
        publishing.wait(ChannelRenewal.first / 2)
        #expect(publishing(Fixture.nack(2)) == [.answer(Note(2), .nacked)])
        publishing.wait(ChannelRenewal.first / 2)
        #expect(
            publishing(Fixture.nack(3)) == [
                .answer(Note(3), .nacked), .log(.renewsChannel),
                .arm(.lastAnswers(channel: 1), after: PublishingChannel.drainLimit),
            ]
        )
        publishing.ask(5...5)
        #expect(publishing.next() == nil, "nothing more is sent on it")
        return publishing
    }

    @Test func `a channel that goes on refusing makes room for a new one behind its last answer`() {
        var publishing = Self.refusing(.regular)
        #expect(
            publishing(Fixture.ack(4)) == [
                .answer(Note(4), .confirmed), .closeChannel,
                .arm(.channelEnd(channel: 1), after: PublishingChannel.drainLimit),
            ]
        )
        #expect(publishing(.due(.lastAnswers(channel: 1))) == [], "they have come")
        #expect(publishing(.channelClosed) == [.openChannel])
        #expect(publishing(.due(.channelEnd(channel: 1))) == [], "it has ended")
        publishing.openChannel()
        #expect(publishing.send() == [5])
        #expect(publishing(Fixture.ack(1)) == [.answer(Note(5), .confirmed)], "numbers begin again")
    }

    @Test func `one whose last answers do not come goes with its connection, and what it owes goes by the other one`() {
        var publishing = Self.refusing(.regular)
        let actions = publishing(.due(.lastAnswers(channel: 1)))
        guard case .breakConnection(let error)? = actions.last else {
            Issue.record("not broken: \(actions)")
            return
        }
        #expect(actions.dropLast() == [.handOver(Fixture.notes([4]), .asSuspects(because: error))])
        #expect(publishing(.lost(error)) == [])
        publishing.comeUp()
        #expect(publishing.send() == [5])
    }

    @Test func `alone, what it owes goes again`() {
        var publishing = Self.refusing(Self.alone)
        let actions = publishing(.due(.lastAnswers(channel: 1)))
        guard case .breakConnection(let error)? = actions.first, actions.count == 1 else {
            Issue.record("not broken: \(actions)")
            return
        }
        _ = publishing(.lost(error))
        publishing.comeUp()
        #expect(publishing.send() == [4, 5])
    }

    @Test func `one that the broker does not close goes with its connection`() {
        var publishing = Self.refusing(.regular)
        _ = publishing(Fixture.ack(4))
        let actions = publishing(.due(.channelEnd(channel: 1)))
        guard case .breakConnection(let error)? = actions.first, actions.count == 1 else {
            Issue.record("not broken: \(actions)")
            return
        }
        _ = publishing(.lost(error))
        publishing.comeUp()
        #expect(publishing.send() == [5])
    }

    @Test func `both sides closing it at once is one close`() {
        var publishing = Self.refusing(.regular)
        _ = publishing(Fixture.ack(4))
        #expect(
            publishing(.channelClosedByBroker(Fixture.refusal))
                == [.confirmChannelClose, .arm(.backOff(channel: 1), after: PublishingChannel.backOffTime)]
        )
        #expect(publishing(.channelClosed) == [])
        #expect(publishing(.due(.channelEnd(channel: 1))) == [])
        #expect(publishing(.due(.backOff(channel: 1))) == [.openChannel])
    }

    // MARK: - Silence

    @Test func `alone, a broker that answers nothing is given up, with what waits and what was on its way`() {
        var publishing = Fixture(Self.alone)
        #expect(publishing(.connected(to: "broker")) == [.arm(.silence, after: Self.limit), .openChannel])
        publishing.openChannel()
        publishing.wait(.seconds(8))
        publishing.publish(1...1)
        publishing.ask(2...2)
        publishing.wait(.seconds(2))
        #expect(publishing(.due(.silence)) == [.arm(.silence, after: .seconds(8))], "they wait for two seconds")
        publishing.wait(.seconds(8))
        let error = BrokerError.silence(of: "broker", for: Self.limit, blockedBecause: nil)
        #expect(
            publishing(.due(.silence))
                == [.breakConnection(error), .answerAll(Fixture.notes(1...2), .refused(error))]
        )
        #expect(publishing(Fixture.ack(1)) == [], "its answer has lost its meaning")
        #expect(publishing(.asked(Note(3))) == [.arm(.silence, after: Self.limit)])
    }

    @Test func `the reason of a broker that blocks is told, and so is the one of a loss`() {
        var blocked = Fixture.ready(Self.alone)
        _ = blocked(.blocked(reason: "low on disk"))
        blocked.ask(1...1)
        blocked.wait(Self.limit)
        let error = BrokerError.silence(of: "broker", for: Self.limit, blockedBecause: "low on disk")
        #expect(
            blocked(.due(.silence)) == [.breakConnection(error), .answerAll(Fixture.notes([1]), .refused(error))]
        )
        var lost = Fixture.ready(Self.alone)
        lost.publish(1...1)
        _ = lost(.lost(Fixture.error))
        lost.wait(Self.limit)
        #expect(lost(.due(.silence)) == [.answerAll(Fixture.notes([1]), .refused(Fixture.error))])
    }

    @Test func `a broker that owes nothing may be silent`() {
        var publishing = Fixture.ready(Self.alone)
        publishing.wait(Self.limit * 10)
        #expect(publishing(.due(.silence)) == [])
    }
}
