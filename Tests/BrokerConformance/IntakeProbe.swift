package import EventLoops
package import Messaging
internal import Synchronization
internal import Waiting

/// Drives an `Intake` on a thread of its own and lets a test wait for what comes out of it.
package final class IntakeProbe: Sendable {
    /// A signal of a subscription, in the order in which it came.
    package enum Signal: Sendable, Equatable {
        case active
        case interrupted(Interruption, BrokerError.Kind)
        case ended
    }

    /// What a subscription has seen so far.
    package struct Seen: Sendable {
        package fileprivate(set) var deliveries: [Delivery] = []
        package fileprivate(set) var signals: [Signal] = []
        /// The last error that came with an interruption.
        package fileprivate(set) var error: BrokerError?
    }

    /// What to do with a delivery.
    package enum Settlement: Sendable {
        case acknowledge
        case requeue
        case reject
    }

    /// One subscription of the probe's intake.
    package struct Subscription: Sendable {
        fileprivate let probe: IntakeProbe
        fileprivate let index: Int
    }

    fileprivate enum Command: Sendable {
        case subscribe(index: Int, Messaging.Subscription, acknowledges: Bool)
        case settle(index: Int, [DeliveryTag], Settlement, isFlushed: Bool)
        case unsubscribe(index: Int, UnsubscribeMode)
        case renew(index: Int, BrokerError)
        case close(@Sendable () -> Void)
    }

    fileprivate let commands: Mailbox<Command>
    /// Of each subscription.
    private let records = Mutex<[Seen]>([])

    /// Starts the thread and makes the intake on it.
    package init(_ makeIntake: @escaping @Sendable (EventLoop) throws -> any Intake) throws {
        let commands = try Mailbox<Command>()
        self.commands = commands
        try LoopThread.start(named: "probe") { [weak self] in
            guard let loop = try? EventLoop(), let intake = try? makeIntake(loop) else { return }
            let driver = Driver(intake: intake, loop: loop, probe: self)
            commands.attach(to: loop) { commands in
                for command in commands { driver.perform(command) }
            }
            loop.run()
            commands.detach(from: loop)
        }
    }

    deinit { self.commands.send(.close {}) }

    /// Subscribes; with `acknowledges` every delivery is settled as it comes.
    package func subscribe(to queue: String, prefetch: UInt16 = 100, acknowledges: Bool = false) -> Subscription {
        self.subscribe(Messaging.Subscription(queue: queue, prefetch: prefetch), acknowledges: acknowledges)
    }

    /// Subscribes as asked.
    package func subscribe(_ wanted: Messaging.Subscription, acknowledges: Bool = false) -> Subscription {
        let index = self.records.withLock { records in
            records.append(Seen())
            return records.count - 1
        }
        self.commands.send(
            .subscribe(index: index, wanted, acknowledges: acknowledges)
        )
        return Subscription(probe: self, index: index)
    }

    /// Closes the intake and waits until the broker has taken everything.
    package func close() async {
        await withCheckedContinuation { continuation in
            if !self.commands.send(.close { continuation.resume() }) { continuation.resume() }
        }
    }

    fileprivate func seen(_ index: Int) -> Seen { self.records.withLock { $0[index] } }

    private func record(_ index: Int, _ change: (inout Seen) -> Void) {
        self.records.withLock { change(&$0[index]) }
    }

    // MARK: - The thread

    /// Lives on the loop's thread.
    private final class Driver {
        private let intake: any Intake
        private let loop: EventLoop
        private weak let probe: IntakeProbe?
        private var subscriptions: [Int: SubscriptionID] = [:]

        init(intake: any Intake, loop: EventLoop, probe: IntakeProbe?) {
            self.intake = intake
            self.loop = loop
            self.probe = probe
        }

        func perform(_ command: Command) {
            switch command {
            case .subscribe(let index, let wanted, let acknowledges):
                self.subscriptions[index] = self.intake.subscribe(wanted) { [weak self] event in
                    self?.received(event, index, acknowledges: acknowledges)
                }
            case .settle(let index, let tags, let settlement, let isFlushed):
                guard let subscription = self.subscriptions[index] else { return }
                for tag in tags { self.settle(tag, of: subscription, settlement) }
                if isFlushed { self.intake.flush() }
            case .unsubscribe(let index, let departure):
                if let subscription = self.subscriptions[index] { self.intake.unsubscribe(subscription, departure) }
            case .renew(let index, let error):
                if let subscription = self.subscriptions[index] { self.intake.renew(subscription, because: error) }
            case .close(let completion):
                self.intake.close { [loop] in
                    loop.stop()
                    completion()
                }
            }
        }

        private func settle(_ tag: DeliveryTag, of subscription: SubscriptionID, _ settlement: Settlement) {
            switch settlement {
            case .acknowledge: self.intake.acknowledge(tag, of: subscription)
            case .requeue: self.intake.requeue(tag, of: subscription)
            case .reject: self.intake.reject(tag, of: subscription)
            }
        }

        private func received(_ event: SubscriptionEvent, _ index: Int, acknowledges: Bool) {
            if acknowledges, case .deliveries(let deliveries) = event, let subscription = self.subscriptions[index] {
                for delivery in deliveries { self.intake.acknowledge(delivery.tag, of: subscription) }
                self.intake.flush()
            }
            self.probe?.record(index) { seen in
                switch event {
                case .active: seen.signals.append(.active)
                case .deliveries(let deliveries): seen.deliveries += deliveries
                case .interrupted(let what, let error):
                    seen.signals.append(.interrupted(what, error.kind))
                    seen.error = error
                case .ended: seen.signals.append(.ended)
                }
            }
        }
    }
}

extension IntakeProbe.Subscription {
    /// What has been seen so far.
    package var seen: IntakeProbe.Seen { self.probe.seen(self.index) }

    /// Waits until the condition holds.
    @discardableResult
    package func wait(
        for what: String,
        until condition: @escaping @Sendable (IntakeProbe.Seen) -> Bool
    ) async throws -> IntakeProbe.Seen {
        var seen = self.seen
        try await Waiting.wait(
            for: what,
            found: {
                "\(seen.deliveries.count) deliveries, \(seen.signals), last error: \(seen.error?.description ?? "none")"
            },
            until: {
                seen = self.seen
                return condition(seen)
            }
        )
        return seen
    }

    /// Waits for this many deliveries in all, and returns what has come.
    package func deliveries(_ count: Int) async throws -> [Delivery] {
        try await self.wait(for: "\(count) deliveries") { $0.deliveries.count >= count }.deliveries
    }

    /// Waits until this signal has come.
    package func signal(_ signal: IntakeProbe.Signal) async throws {
        try await self.wait(for: "\(signal)") { $0.signals.contains(signal) }
    }

    /// Settles the deliveries in the given order, and flushes unless told otherwise.
    package func settle(_ deliveries: [Delivery], _ settlement: IntakeProbe.Settlement, flushing isFlushed: Bool = true)
    {
        self.probe.commands.send(
            .settle(index: self.index, deliveries.map(\.tag), settlement, isFlushed: isFlushed)
        )
    }

    package func unsubscribe(_ departure: UnsubscribeMode = .settling) {
        self.probe.commands.send(.unsubscribe(index: self.index, departure))
    }

    package func renew(because error: BrokerError) {
        self.probe.commands.send(.renew(index: self.index, error))
    }
}
