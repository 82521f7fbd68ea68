import EventLoops
import Logging
import Messaging

/// Publishes on one connection, and on a second one the messages that the broker has trouble with: see `Quarantine`. A
/// connection on which the broker answers nothing any more is passed by: it keeps its unanswered messages, and a new
/// connection takes its place. Confined to its loop.
final class Publisher {
    /// The most connections that are passed by and still have unanswered messages.
    private static let mostPassedBy = 3
    private static let mainRole = "publishing"
    /// The number of targets that a log line names.
    private static let named = 5

    private let addresses: AMQPAddresses
    private let name: String
    private let loop: EventLoop
    private let logger: Logger
    private var main: PublishingConnection
    private var retired: [PublishingConnection] = []
    /// The connection for suspects, made when it is first needed.
    private var suspects: PublishingConnection?
    private var quarantine = Quarantine<PublishItem>()
    private var turns = SuspectTurns(at: .now)
    private var isClosing = false

    /// - Parameter giveUpAfter: see `PublishingRole.alone`. With a limit there is no second connection: waiting
    ///   messages are refused instead.
    init(
        addresses: AMQPAddresses,
        name: String,
        giveUpAfter: Duration?,
        loop: EventLoop,
        logger: Logger
    ) throws(SystemError) {
        self.addresses = addresses
        self.name = name
        self.loop = loop
        self.logger = logger
        self.main = try PublishingConnection(
            addresses: addresses,
            name: "\(name) \(Self.mainRole)",
            role: giveUpAfter.map { .alone(giveUpAfter: $0) } ?? .regular,
            loop: loop,
            logger: logger
        )
        if giveUpAfter == nil { self.main.supervise(by: self) }
    }

    /// - Parameter words: the purpose of the connection, which the broker shows behind the name of the process.
    private func connect(_ role: PublishingRole, as words: String) throws(SystemError) -> PublishingConnection {
        let connection = try PublishingConnection(
            addresses: self.addresses,
            name: "\(self.name) \(words)",
            role: role,
            loop: self.loop,
            logger: self.logger
        )
        connection.supervise(by: self)
        connection.reportsAnswers = true
        return connection
    }

    func publish(_ request: PublishRequest) {
        let batch = PublishBatch(request)
        guard !request.messages.isEmpty else { return batch.finishIfComplete() }
        guard !self.isClosing else {
            for index in request.messages.indices { batch.set(.abandoned, at: index) }
            return
        }
        let now = ContinuousClock.now
        for (index, message) in request.messages.enumerated() {
            let item = PublishItem(batch: batch, index: index)
            guard MessageEncoder.fits(message) else {
                item.answer(.headersTooLarge)
                continue
            }
            if !self.quarantine.isEmpty, let suspect = self.quarantine.suspect(for: item.target) {
                self.quarantine.hold(item, of: suspect)
            } else {
                self.main.publish(item, at: now)
            }
        }
        self.sendSuspects()
    }

    // MARK: - Suspects

    private func add(_ items: [PublishItem], because reason: String) {
        guard !self.isClosing else { return }
        var added: [PublishTarget] = []
        for item in items where self.quarantine.suspect(for: item.target) == nil {
            self.quarantine.add(item.target)
            added.append(item.target)
        }
        guard !added.isEmpty else { return }
        self.turns = SuspectTurns(at: .now)
        self.main.reportsAnswers = true
        self.logger.warning(
            "messages go by a connection of their own until the broker takes them again",
            metadata: ["targets": "\(Self.words(added))", "reason": "\(reason)"]
        )
        let withdrawn = self.main.withdraw { self.quarantine.suspect(for: $0.target) != nil }
        for item in withdrawn { self.hold(item) }
    }

    private func hold(_ item: PublishItem) {
        if self.isClosing {
            // Whether the broker has stored it is unknown.
            item.answer(.abandoned)
        } else if let suspect = self.quarantine.suspect(for: item.target) {
            self.quarantine.hold(item, of: suspect)
        } else {
            self.main.publish(item, at: .now)
        }
    }

    private static func words(_ targets: [PublishTarget]) -> String {
        let names = targets.prefix(Self.named).map { target in
            target.routingKey.map { "\(target.exchange)/\($0)" } ?? target.exchange
        }
        let others = targets.count - names.count
        return names.joined(separator: ", ") + (others > 0 ? " and \(others) more" : "")
    }

    private func sendSuspects() {
        guard !self.isClosing, !self.quarantine.isEmpty, let connection = self.connectionForSuspects() else { return }
        for item in self.quarantine.next() { connection.publish(item, at: .now) }
    }

    private func connectionForSuspects() -> PublishingConnection? {
        if let connection = self.suspects { return connection }
        do throws(SystemError) {
            let connection = try self.connect(.suspects, as: "\(Self.mainRole), suspects")
            self.suspects = connection
            return connection
        } catch {
            // The next message makes another attempt.
            self.logger.error(
                "no connection could be made for the messages that the broker has trouble with",
                metadata: ["reason": "\(error)"]
            )
            return nil
        }
    }

    // MARK: - End

    /// Waits for unanswered messages until the deadline, answers the remaining ones as abandoned, and closes.
    func close(within limit: Duration, _ completion: @escaping () -> Void) {
        guard !self.isClosing else { return completion() }
        self.isClosing = true
        let connections = [self.main] + self.retired + (self.suspects.map { [$0] } ?? [])
        var left = connections.count
        let closed = { [self] in
            left -= 1
            guard left == 0 else { return }
            for item in self.quarantine.removeAll() { item.answer(.abandoned) }
            completion()
        }
        for connection in connections { connection.close(within: limit, closed) }
    }
}

extension Publisher: PublishingSupervisor {
    func suspect(_ items: [PublishItem], because error: BrokerError) {
        self.add(items, because: "\(error)")
        for item in items { self.hold(item) }
        self.sendSuspects()
    }

    func withoutSuspects(_ items: [PublishItem]) -> [PublishItem] {
        guard !self.quarantine.isEmpty, !self.isClosing else { return items }
        let suspects = items.filter { self.quarantine.suspect(for: $0.target) != nil }
        guard !suspects.isEmpty else { return items }
        for item in suspects { self.hold(item) }
        self.sendSuspects()
        return items.filter { self.quarantine.suspect(for: $0.target) == nil }
    }

    func suspectLate(_ items: [PublishItem], on connection: PublishingConnection) {
        // Late messages on a connection that was passed by were suspected at that time, so they say nothing new.
        guard connection === self.main else { return }
        self.add(items, because: "\(items.count) are not confirmed in time")
        self.sendSuspects()
    }

    func retire(_ connection: PublishingConnection) {
        guard connection === self.main, !self.isClosing, self.retired.count < Self.mostPassedBy else { return }
        do throws(SystemError) {
            self.main = try self.connect(.regular, as: Self.mainRole)
        } catch {
            self.logger.error("no further connection could be made for publishing", metadata: ["reason": "\(error)"])
            return
        }
        self.logger.notice("the broker answers nothing on a publishing connection; a new one takes further messages")
        connection.reportsAnswers = true
        self.retired.append(connection)
        for item in connection.withdraw(where: { _ in true }) { self.hold(item) }
        self.sendSuspects()
    }

    /// Closes the connections that were passed by and have no unanswered messages left.
    private func dropPassedBy() {
        for connection in self.retired where connection.isIdle {
            self.retired.removeAll { $0 === connection }
            // The connection stays alive until its socket is closed, because the loop watches the socket until then.
            connection.close(within: .zero) { withExtendedLifetime(connection) {} }
        }
    }

    func suspectsStandStill(behind item: PublishItem) {
        let now = ContinuousClock.now
        guard !self.isClosing, self.turns.isDue(at: now),
            self.quarantine.hasOthers(than: item.target, where: { $0.target != item.target })
        else { return }
        self.turns.changed(round: self.quarantine.round, at: now)
        self.suspects?.forgetAll()
        self.quarantine.rotate(last: item.target) { $0 == item }
        self.sendSuspects()
    }

    func answered(_ item: PublishItem, _ result: PublishResult) {
        // While closing, `close` waits for each of these connections.
        if !self.retired.isEmpty, !self.isClosing { self.dropPassedBy() }
        let isGood =
            switch result {
            case .confirmed, .unroutable: true
            case .nacked, .refused, .headersTooLarge, .abandoned: false
            }
        // A target that was refused once will be refused again, and each refusal closes the channel.
        if case .refused(let error) = result { self.add([item], because: "\(error)") }
        let released = self.quarantine.answered(item.target, isGood: isGood) { $0 == item }
        for item in released {
            if self.isClosing { item.answer(.abandoned) } else { self.main.publish(item, at: .now) }
        }
        if self.quarantine.isEmpty, self.main.reportsAnswers {
            self.main.reportsAnswers = false
            self.logger.notice("the broker takes all messages again")
        }
        self.sendSuspects()
    }
}
