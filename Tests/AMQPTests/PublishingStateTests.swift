import Messaging
import Testing

@testable import AMQP

struct PublishingStateTests {
    private typealias Fixture = PublishingFixture

    private static let alone = PublishingRole.alone(giveUpAfter: .seconds(10))
    private static let roles = [alone, .regular, .suspects]

    @Test(arguments: roles) func `messages go when the channel confirms, and not before`(role: PublishingRole) {
        var publishing = Fixture(role)
        publishing.ask(1...2)
        #expect(publishing.next() == nil)
        #expect(publishing(.connected(to: "broker")).last == .openChannel)
        #expect(publishing(.channelOpened) == [.selectConfirms])
        #expect(publishing.next() == nil)
        #expect(publishing(.confirmsSelected) == [])
        #expect(publishing.send() == [1, 2])
        #expect(!publishing.state.isIdle)
    }

    @Test func `each answer of the broker is told as what it is`() {
        var publishing = Fixture.ready(.regular)
        publishing.publish(1...4)
        #expect(publishing(.returned(Note(3).returned)) == [])
        #expect(publishing(Fixture.ack(2)) == [.answer(Note(2), .confirmed)])
        #expect(publishing(Fixture.ack(2)) == [], "once")
        #expect(
            publishing(Fixture.ack(3, multiple: true))
                == [.answer(Note(1), .confirmed), .answer(Note(3), .unroutable)]
        )
        #expect(publishing(Fixture.nack(4)) == [.answer(Note(4), .nacked)])
        #expect(publishing.state.isIdle)
    }

    @Test func `no more are on their way than the window allows`() {
        var publishing = Fixture.ready(.regular)
        let window = PublishBacklog<Note>.window
        publishing.publish(1...window + 2)
        #expect(publishing.state.backlog.unanswered == window)
        _ = publishing(Fixture.ack(1))
        #expect(publishing.send() == [window + 1])
    }

    @Test func `what cannot be encoded is answered, and the others go on in its place`() {
        var publishing = Fixture.ready(.regular)
        publishing.ask(1...2)
        #expect(publishing.write(.unsendable) == [.answer(Note(1), .headersTooLarge)])
        #expect(publishing.send() == [2])
        #expect(publishing(Fixture.ack(1)) == [.answer(Note(2), .confirmed)], "the first on the channel")
    }

    @Test func `a message of which a part has gone out ends the connection, and is not sent again`() {
        var publishing = Fixture.ready(Self.alone)
        publishing.ask(1...2)
        #expect(
            publishing.write(.brokeStream(Fixture.error))
                == [.answer(Note(1), .headersTooLarge), .breakConnection(Fixture.error)]
        )
        #expect(publishing.next() == nil)
        _ = publishing(.lost(Fixture.error))
        publishing.comeUp()
        #expect(publishing.send() == [2])
    }

    @Test func `a message that the connection does not take keeps its place`() {
        var publishing = Fixture.ready(Self.alone)
        publishing.publish(1...1)
        publishing.ask(2...3)
        #expect(publishing.write(.failed(Fixture.error)) == [.breakConnection(Fixture.error)])
        #expect(publishing.next() == nil)
        #expect(publishing(Fixture.ack(1)) == [.answer(Note(1), .confirmed)], "it had arrived already")
        #expect(publishing(.lost(Fixture.error)) == [])
        publishing.comeUp()
        #expect(publishing.send() == [2, 3])
    }

    @Test func `only what has not been sent is withdrawn`() {
        var publishing = Fixture.ready(.regular)
        publishing.publish(1...2)
        publishing.ask(3...6)
        #expect(publishing.withdraw { $0.number % 2 == 0 } == Fixture.notes([4, 6]))
        #expect(publishing.send() == [3, 5])
    }

    // MARK: - Memory alarms

    @Test func `nothing is sent while the broker blocks, and nothing is late`() {
        var publishing = Fixture.ready(.regular)
        publishing.publish(1...1)
        publishing.ask(2...2)
        #expect(publishing(.blocked(reason: "low on memory")) == [.log(.blocked(reason: "low on memory"))])
        #expect(publishing.next() == nil)
        publishing.wait(.seconds(60))
        #expect(publishing(.due(.watch)) == [.arm(.watch, after: PublishWatch.interval)])
        #expect(publishing(.unblocked) == [.log(.unblocked)])
        #expect(publishing.send() == [2])
        publishing.wait(PublishWatch.late - .seconds(1))
        #expect(publishing(.due(.watch)) == [.arm(.watch, after: PublishWatch.interval)], "its time begins only now")
        publishing.wait(.seconds(1))
        #expect(publishing(.due(.watch)).contains(.retire))
    }

    @Test func `a new connection is not blocked`() {
        var publishing = Fixture.ready(.regular)
        _ = publishing(.blocked(reason: "low on memory"))
        _ = publishing(.lost(Fixture.error))
        publishing.comeUp()
        publishing.ask(1...1)
        #expect(publishing.send() == [1])
    }

    // MARK: - What is late

    @Test func `few that nobody answers stay where they are, and what is to come goes by another connection`() {
        var publishing = Fixture.ready(.regular)
        publishing.publish(1...2)
        publishing.wait(PublishWatch.late + .milliseconds(1))
        #expect(
            publishing(.due(.watch)) == [
                .suspectLate(Fixture.notes(1...2)), .retire, .arm(.watch, after: PublishWatch.interval),
            ]
        )
        #expect(publishing.state.backlog.unanswered == 2)
    }

    @Test func `one that is late beside others that are answered is a suspect, and stays on its way`() {
        var publishing = Fixture.ready(.regular)
        publishing.publish(1...2)
        publishing.wait(PublishWatch.late)
        _ = publishing(Fixture.ack(2))
        publishing.wait(.milliseconds(1))
        #expect(
            publishing(.due(.watch))
                == [.suspectLate(Fixture.notes([1])), .arm(.watch, after: PublishWatch.interval)]
        )
        #expect(publishing(Fixture.ack(1)) == [.answer(Note(1), .confirmed)])
    }

    @Test func `a connection on which many stand still is given up, and its messages are suspects`() {
        var publishing = Fixture.ready(.regular)
        let many = 1...(PublishWatch.harmless + 1)
        publishing.publish(many)
        publishing.wait(PublishWatch.silence)
        let error = BrokerError.silence(of: "broker", for: PublishWatch.silence, blockedBecause: nil)
        #expect(
            publishing(.due(.watch)) == [
                .handOver(Fixture.notes(many), .asSuspects(because: error)), .breakConnection(error),
                .arm(.watch, after: PublishWatch.interval),
            ]
        )
        #expect(publishing(.lost(error)) == [], "they were handed over already")
    }

    @Test func `suspects that stand still change their order, and are not handed over`() {
        var publishing = Fixture.ready(.suspects)
        publishing.publish(1...3)
        publishing.wait(PublishWatch.late)
        #expect(
            publishing(.due(.watch)) == [.changeOrder(behind: Note(1)), .arm(.watch, after: PublishWatch.interval)]
        )
        let broken = publishing(.forget)
        guard case .breakConnection(let error)? = broken.first, broken.count == 1 else {
            Issue.record("not broken: \(broken)")
            return
        }
        #expect(publishing(Fixture.ack(3, multiple: true)) == [], "what the broker still answers is not heard")
        publishing.ask(2...3)
        #expect(publishing(.lost(error)) == [])
        publishing.comeUp()
        #expect(publishing.send() == [2, 3])
    }

    // MARK: - End

    @Test(arguments: roles) func `one that has nothing to do ends at once`(role: PublishingRole) {
        var publishing = Fixture.ready(role)
        #expect(publishing(.close(within: .seconds(5))) == [.endConnection])
        #expect(publishing(.close(within: .seconds(5))) == [])
        #expect(publishing.state.isEnding)
    }

    @Test func `the end waits for the last answer`() {
        var publishing = Fixture.ready(.regular)
        publishing.publish(1...1)
        publishing.ask(2...2)
        #expect(publishing(.close(within: .seconds(5))) == [.arm(.end, after: .seconds(5))])
        #expect(publishing(.due(.watch)) == [], "nothing is looked at any more")
        #expect(publishing.send() == [2])
        #expect(
            publishing(Fixture.ack(2, multiple: true))
                == [.answer(Note(1), .confirmed), .answer(Note(2), .confirmed), .endConnection]
        )
        #expect(publishing(.due(.end)) == [])
    }

    @Test func `what is not answered until its limit is abandoned, and so is what comes then`() {
        var publishing = Fixture.ready(.regular)
        publishing.publish(1...2)
        publishing.ask(3...3)
        _ = publishing(.close(within: .seconds(5)))
        #expect(publishing(.due(.end)) == [.answerAll(Fixture.notes(1...3), .abandoned), .endConnection])
        #expect(publishing(Fixture.ack(2, multiple: true)) == [])
        #expect(publishing(.asked(Note(4))) == [.answer(Note(4), .abandoned)])
        #expect(publishing(.givenBack(Fixture.notes(5...6))) == [.answerAll(Fixture.notes(5...6), .abandoned)])
        #expect(publishing.state.isIdle)
    }

    @Test func `whoever ends hands nothing over, and sends it again until the limit`() {
        var publishing = Fixture.ready(.regular)
        publishing.publish(1...2)
        _ = publishing(.close(within: .seconds(5)))
        #expect(publishing(.lost(Fixture.error)) == [])
        publishing.comeUp()
        #expect(publishing.send() == [1, 2])
        #expect(publishing(.channelClosedByBroker(Fixture.refusal)) == [.confirmChannelClose, .openChannel])
        publishing.openChannel()
        #expect(publishing.send() == [1], "one at a time, for the next close to name its culprit")
        _ = publishing(Fixture.ack(1))
        #expect(publishing.send() == [2])
        #expect(
            publishing(.channelClosedByBroker(Fixture.refusal))
                == [.confirmChannelClose, .refuse(Note(2), Fixture.refusal), .openChannel, .endConnection]
        )
    }
}
