package import Messaging
package import Polling
internal import Synchronization

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

    /// What was waited for did not come in time.
    package struct Timeout: Error, CustomStringConvertible {
        package let description: String
    }

    /// What to do with a delivery.
    package enum Settlement: Sendable {
        case acknowledge
        case giveBack
        case refuse
    }

    /// One subscription of the probe's intake.
    package struct Subscription: Sendable {
        fileprivate let probe: IntakeProbe
        fileprivate let index: Int
    }

    fileprivate enum Command: Sendable {
        case subscribe(index: Int, queue: String, prefetch: UInt16, acknowledges: Bool)
        case settle(index: Int, [DeliveryTag], Settlement, isFlushed: Bool)
        case unsubscribe(index: Int, Departure)
        case renew(index: Int, BrokerError)
        case watch(waiter: Int, within: Duration)
        case close(@Sendable () -> Void)
    }

    private struct Waiter {
        let index: Int
        let condition: @Sendable (Seen) -> Bool
        let continuation: CheckedContinuation<Seen?, Never>
    }

    private struct State {
        var seen: [Seen] = []
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    fileprivate let commands: Mailbox<Command>
    private let state = Mutex(State())

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
        let index = self.state.withLock { state in
            state.seen.append(Seen())
            return state.seen.count - 1
        }
        self.commands.send(
            .subscribe(index: index, queue: queue, prefetch: prefetch, acknowledges: acknowledges)
        )
        return Subscription(probe: self, index: index)
    }

    /// Closes the intake and waits until the broker has taken everything.
    package func close() async {
        await withCheckedContinuation { continuation in
            if !self.commands.send(.close { continuation.resume() }) { continuation.resume() }
        }
    }

    // MARK: - Waiting

    fileprivate func seen(_ index: Int) -> Seen { self.state.withLock { $0.seen[index] } }

    fileprivate func wait(
        _ index: Int,
        within limit: Duration,
        until condition: @escaping @Sendable (Seen) -> Bool
    ) async -> Seen? {
        await withCheckedContinuation { continuation in
            let (seen, waiter) = self.state.withLock { state -> (Seen?, Int) in
                guard !condition(state.seen[index]) else { return (state.seen[index], 0) }
                state.nextWaiter += 1
                state.waiters[state.nextWaiter] = Waiter(
                    index: index,
                    condition: condition,
                    continuation: continuation
                )
                return (nil, state.nextWaiter)
            }
            if let seen {
                continuation.resume(returning: seen)
            } else if !self.commands.send(.watch(waiter: waiter, within: limit)) {
                self.expire(waiter)
            }
        }
    }

    private func expire(_ waiter: Int) {
        self.state.withLock { $0.waiters.removeValue(forKey: waiter) }?.continuation.resume(returning: nil)
    }

    private func record(_ index: Int, _ change: (inout Seen) -> Void) {
        let (ready, seen) = self.state.withLock { state in
            change(&state.seen[index])
            let seen = state.seen[index]
            let ready = state.waiters.filter { $0.value.index == index && $0.value.condition(seen) }
            for number in ready.keys { state.waiters[number] = nil }
            return (ready.values.map(\.continuation), seen)
        }
        for continuation in ready { continuation.resume(returning: seen) }
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
            case .subscribe(let index, let queue, let prefetch, let acknowledges):
                self.subscriptions[index] = self.intake.subscribe(to: queue, prefetch: prefetch) { [weak self] event in
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
            case .watch(let waiter, let limit):
                self.loop.schedule(after: limit) { [weak self] in self?.probe?.expire(waiter) }
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
            case .giveBack: self.intake.giveBack(tag, of: subscription)
            case .refuse: self.intake.refuse(tag, of: subscription)
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
    ///
    /// - Throws: `IntakeProbe.Timeout` when it does not within the limit.
    @discardableResult
    package func wait(
        for what: String,
        within limit: Duration = .seconds(20),
        until condition: @escaping @Sendable (IntakeProbe.Seen) -> Bool
    ) async throws -> IntakeProbe.Seen {
        guard let seen = await self.probe.wait(self.index, within: limit, until: condition) else {
            let seen = self.seen
            throw IntakeProbe.Timeout(
                description: "no \(what) within \(limit); seen: \(seen.deliveries.count) deliveries, \(seen.signals), "
                    + "last error: \(seen.error?.description ?? "none")"
            )
        }
        return seen
    }

    /// Waits for this many deliveries in all, and returns what has come.
    package func deliveries(_ count: Int, within limit: Duration = .seconds(20)) async throws -> [Delivery] {
        try await self.wait(for: "\(count) deliveries", within: limit) { $0.deliveries.count >= count }.deliveries
    }

    /// Waits until this signal has come.
    package func signal(_ signal: IntakeProbe.Signal, within limit: Duration = .seconds(20)) async throws {
        try await self.wait(for: "\(signal)", within: limit) { $0.signals.contains(signal) }
    }

    /// Settles the deliveries in the given order, and flushes unless told otherwise.
    package func settle(_ deliveries: [Delivery], _ settlement: IntakeProbe.Settlement, flushing isFlushed: Bool = true)
    {
        self.probe.commands.send(
            .settle(index: self.index, deliveries.map(\.tag), settlement, isFlushed: isFlushed)
        )
    }

    package func unsubscribe(_ departure: Departure = .settling) {
        self.probe.commands.send(.unsubscribe(index: self.index, departure))
    }

    package func renew(because error: BrokerError) {
        self.probe.commands.send(.renew(index: self.index, error))
    }
}
