import Logging
import Messaging
import Polling

/// Publishes by one connection, and by a second one what the broker has trouble with: see `Quarantine`. Confined to its
/// loop.
final class Publisher {
    /// When messages of other suspects wait, those on their way are taken back after so long.
    private static let turn = Duration.seconds(30)
    /// Targets that a log line names.
    private static let named = 5

    private let addresses: AMQPAddresses
    private let name: String
    private let loop: EventLoop
    private let logger: Logger
    private let main: PublishingConnection
    /// Made when it is first needed.
    private var suspects: PublishingConnection?
    private var quarantine = Quarantine<PublishItem>()
    private var isStuckSince: ContinuousClock.Instant?
    private var isClosing = false

    /// - Parameter giveUpAfter: as for `PublishingConnection`. With a limit there is no second connection: what waits is
    ///   given up instead.
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
            name: "\(name) publishing",
            giveUpAfter: giveUpAfter,
            loop: loop,
            logger: logger
        )
        if giveUpAfter == nil { self.main.supervise(by: self) }
    }

    func publish(_ request: PublishRequest) {
        let batch = PublishBatch(request)
        guard !request.messages.isEmpty else { return batch.finishIfComplete() }
        guard !self.isClosing else {
            for index in request.messages.indices { batch.set(.abandoned, at: index) }
            return
        }
        self.main.beginsToWait()
        for (index, message) in request.messages.enumerated() {
            let item = PublishItem(batch: batch, index: index)
            guard MessageEncoder.fits(message) else {
                item.answer(.headersTooLarge)
                continue
            }
            if !self.quarantine.isEmpty, let suspect = self.quarantine.suspect(for: item.target) {
                self.quarantine.hold(item, of: suspect)
            } else {
                self.main.publish(item)
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
            // Stored or not, nobody knows.
            item.answer(.abandoned)
        } else if let suspect = self.quarantine.suspect(for: item.target) {
            self.quarantine.hold(item, of: suspect)
        } else {
            self.main.publish(item)
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
        for item in self.quarantine.next() { connection.publish(item) }
        guard self.quarantine.isStuck else {
            self.isStuckSince = nil
            return
        }
        guard self.isStuckSince == nil else { return }
        let now = ContinuousClock.now
        self.isStuckSince = now
        self.loop.schedule(after: Self.turn) { [weak self] in self?.rotate(stuckSince: now) }
    }

    private func rotate(stuckSince: ContinuousClock.Instant) {
        guard self.isStuckSince == stuckSince, !self.isClosing else { return }
        self.isStuckSince = nil
        self.suspects?.forgetAll()
        self.quarantine.rotate()
        self.sendSuspects()
    }

    private func connectionForSuspects() -> PublishingConnection? {
        if let connection = self.suspects { return connection }
        do throws(SystemError) {
            let connection = try PublishingConnection(
                addresses: self.addresses,
                name: "\(self.name) publishing, suspects",
                giveUpAfter: nil,
                loop: self.loop,
                logger: self.logger
            )
            connection.takeSuspects(for: self)
            self.suspects = connection
            return connection
        } catch {
            // The next message tries again.
            self.logger.error("no connection for what the broker has trouble with", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    // MARK: - End

    /// Waits for what is under way until the deadline, answers the rest as abandoned, and closes.
    func close(within limit: Duration, _ completion: @escaping () -> Void) {
        guard !self.isClosing else { return completion() }
        self.isClosing = true
        var left = 2
        let closed = { [self] in
            left -= 1
            guard left == 0 else { return }
            for item in self.quarantine.removeAll() { item.answer(.abandoned) }
            completion()
        }
        self.main.close(within: limit, closed)
        if let suspects = self.suspects { suspects.close(within: limit, closed) } else { closed() }
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

    func suspectLate(_ items: [PublishItem]) {
        self.add(items, because: "\(items.count) are not confirmed in time")
        self.sendSuspects()
    }

    func answered(_ item: PublishItem, _ result: PublishResult) {
        let isGood =
            switch result {
            case .confirmed, .unroutable: true
            case .nacked, .refused, .headersTooLarge, .abandoned: false
            }
        // A target that is refused once will be again, and each refusal closes the channel.
        if case .refused(let error) = result { self.add([item], because: "\(error)") }
        let released = self.quarantine.answered(item.target, isGood: isGood) { $0.isSame(as: item) }
        for item in released {
            if self.isClosing { item.answer(.abandoned) } else { self.main.publish(item) }
        }
        if self.quarantine.isEmpty, self.main.reportsAnswers {
            self.main.reportsAnswers = false
            self.logger.notice("the broker takes all messages again")
        }
        self.sendSuspects()
    }
}
