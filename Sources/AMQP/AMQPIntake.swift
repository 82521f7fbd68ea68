package import EventLoops
package import Logging
package import Messaging

/// Consumes from the broker on the loop's thread. Each subscription has a channel of its own; all channels share one
/// connection as long as it has free channel numbers. A consumer whose queue does not answer gets a connection of its
/// own: its channel blocks in the broker, and replacing the shared connection would cost all other consumers their
/// deliveries. The broker itself replaces it once: 65 s after a basic.consume that the queue has not answered it closes
/// the connection (541), whatever has become of the channel. From then on the consumer stays away from the others.
package final class AMQPIntake: Intake {
    private let addresses: AMQPAddresses
    private let name: String
    private let loop: EventLoop
    private let bodyLimit: UInt64
    private let logger: Logger
    private var connections: [ConsumingConnection] = []
    /// Indexed by the lower 16 bits of the subscription's number. A new subscription reuses the index of one that is
    /// over.
    private var channels: [ConsumerChannel?] = []
    private var subscriptions = 0
    private let generations = ChannelGenerations()
    private var isClosing = false
    /// The pause before another attempt at a connection that could not even be started.
    private static let pause = Duration.seconds(1)

    /// Begins to connect. Call on the loop's thread.
    ///
    /// - Parameter bodyLimit: in bytes; a larger body is not kept, see `Delivery.omittedBodySize`.
    package init(
        addresses: AMQPAddresses,
        name: String,
        bodyLimit: UInt64 = UInt64(BodyLimit.bytes),
        loop: EventLoop,
        logger: Logger
    ) throws(SystemError) {
        self.addresses = addresses
        self.name = name
        self.loop = loop
        self.bodyLimit = bodyLimit
        self.logger = logger
        self.connections = [try self.connect(isIsolated: false)]
    }

    /// Consumes from a broker that has one address.
    package convenience init(
        address: AMQPAddress,
        name: String,
        bodyLimit: UInt64 = UInt64(BodyLimit.bytes),
        loop: EventLoop,
        logger: Logger
    ) throws(SystemError) {
        try self.init(addresses: AMQPAddresses(address), name: name, bodyLimit: bodyLimit, loop: loop, logger: logger)
    }

    private func connect(isIsolated: Bool) throws(SystemError) -> ConsumingConnection {
        try ConsumingConnection(
            addresses: self.addresses,
            name: self.name,
            isIsolated: isIsolated,
            loop: self.loop,
            logger: self.logger
        ) { [weak self] channels in
            self?.spread(channels)
        }
    }

    package func subscribe(
        _ subscription: Subscription,
        handler: @escaping (SubscriptionEvent) -> Void
    ) -> SubscriptionID {
        let index = self.channels.firstIndex { $0 == nil } ?? self.channels.count
        if index == self.channels.count { self.channels.append(nil) }
        self.subscriptions += 1
        let id = SubscriptionID(number: self.subscriptions << 16 | index)
        let connection = self.connectionWithRoom()
        let channel = self.channel(id, for: subscription, on: connection, handler: handler)
        if channel.isConnecting, let error = connection.driver?.lastError {
            // Not inside this call: the caller does not know the subscription's ID yet.
            self.loop.schedule(after: .zero) {
                if connection.driver?.connection == nil { channel.lost(error) }
            }
        }
        return id
    }

    /// A shared connection that has a free channel number.
    private func connectionWithRoom() -> ConsumingConnection {
        if let free = self.connections.first(where: { !$0.isIsolated && $0.freeNumber != nil }) { return free }
        return self.newConnection(isIsolated: false) ?? self.connections[0]
    }

    private func newConnection(isIsolated: Bool) -> ConsumingConnection? {
        do throws(SystemError) {
            let connection = try self.connect(isIsolated: isIsolated)
            self.connections.append(connection)
            return connection
        } catch {
            self.logger.error("no further connection to the broker can be made", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    @discardableResult
    private func channel(
        _ id: SubscriptionID,
        for subscription: Subscription,
        on connection: ConsumingConnection,
        handler: @escaping (SubscriptionEvent) -> Void
    ) -> ConsumerChannel {
        guard let driver = connection.driver else {
            preconditionFailure("a connection has its driver from the first line on")
        }
        let channel = ConsumerChannel(
            number: connection.freeNumber ?? 1,
            id: id,
            subscription: subscription,
            bodyLimit: self.bodyLimit,
            generations: self.generations,
            isAlone: connection.isIsolated,
            driver: driver,
            loop: self.loop,
            moveAway: { [weak self] channel, error in self?.isolate(channel, because: error) },
            handler: handler
        )
        connection.add(channel)
        self.channels[id.number & 0xffff] = channel
        if driver.connection != nil { channel.connected() }
        return channel
    }

    /// Moves the consumer to a new connection of its own.
    private func isolate(_ channel: ConsumerChannel, because error: BrokerError) {
        guard !self.isClosing else { return }
        guard let connection = self.newConnection(isIsolated: true) else {
            // No descriptor or thread is available at the moment.
            self.loop.schedule(after: Self.pause) { [weak self] in
                if channel.isWanted, self?.channel(channel.id) === channel {
                    self?.isolate(channel, because: error)
                }
            }
            return
        }
        self.logger.warning(
            "a consumer gets a connection of its own",
            metadata: ["queue": "\(channel.subscription.queue)", "reason": "\(error)"]
        )
        self.replace(channel, on: connection)
    }

    /// Moves channels away from a connection on which the broker allows fewer of them than were asked for.
    private func spread(_ channels: [ConsumerChannel]) {
        for channel in channels where !channel.isOver { self.replace(channel, on: self.connectionWithRoom()) }
    }

    private func replace(_ old: ConsumerChannel, on connection: ConsumingConnection) {
        self.channel(
            old.id,
            for: old.subscription,
            on: connection,
            handler: old.handler
        )
    }

    /// `nil` when the subscription's channel is over; its delivery tags are void then.
    private func channel(_ subscription: SubscriptionID) -> ConsumerChannel? {
        guard let channel = self.channels[subscription.number & 0xffff], channel.id == subscription else {
            return nil
        }
        return channel
    }

    package func unsubscribe(_ subscription: SubscriptionID, _ departure: UnsubscribeMode) {
        self.channel(subscription)?.unsubscribe(departure)
    }

    package func abandon(_ subscription: SubscriptionID) { self.channel(subscription)?.abandon() }

    package func renew(_ subscription: SubscriptionID, because error: BrokerError) {
        self.channel(subscription)?.renew(error)
    }

    package func acknowledge(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        self.channel(subscription)?.acknowledge(tag)
    }

    package func requeue(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        self.channel(subscription)?.requeue(tag)
    }

    package func reject(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        self.channel(subscription)?.reject(tag)
    }

    package func flush() {
        var hasEnded = false
        for connection in self.connections where connection.flush() { hasEnded = true }
        // `close` counts the connections, so none may be removed while it waits.
        guard hasEnded, !self.isClosing else { return }
        for (index, channel) in self.channels.enumerated() {
            // A channel that is over but still wanted waits to be replaced, and keeps its index.
            if let channel, channel.isOver, !channel.isWanted { self.channels[index] = nil }
        }
        self.dropUnused()
    }

    /// Closes each connection that was made for a single consumer and has none left.
    private func dropUnused() {
        for connection in self.connections where connection.isIsolated && connection.isUnused {
            self.connections.removeAll { $0 === connection }
            // The connection stays alive until its socket is closed, because the loop watches the socket until then.
            connection.driver?.stop { withExtendedLifetime(connection) {} }
        }
    }

    package func close(_ completion: @escaping () -> Void) {
        self.isClosing = true
        for connection in self.connections { connection.flushAtOnce() }
        self.loop.schedule(after: ConsumerChannel.settlementGrace) { [weak self] in
            guard let self else { return completion() }
            var left = self.connections.count
            for connection in self.connections {
                // The connection stays alive until its socket is closed, although its last consumer may end meanwhile:
                // without this completion the host would never exit.
                let closed = {
                    withExtendedLifetime(connection) { left -= 1 }
                    if left == 0 { completion() }
                }
                if let driver = connection.driver { driver.stop(closed) } else { closed() }
            }
        }
    }
}
