package import EventLoops
package import Logging
package import Messaging

/// The consuming side of the broker on the loop's thread: one channel for each subscription, all on one connection as
/// long as the broker has numbers for them. A consumer whose queue does not answer gets a connection of its own: its
/// channel blocks in the broker, and making the shared connection anew would cost all others their deliveries.
package final class AMQPIntake: Intake {
    private let addresses: AMQPAddresses
    private let name: String
    private let loop: EventLoop
    private let bodyLimit: UInt64
    private let logger: Logger
    private var connections: [ConsumingConnection] = []
    /// By the lower 16 bits of the subscription's number. One that is over leaves its place to the next.
    private var channels: [ConsumerChannel?] = []
    private var subscriptions = 0
    private let generations = ChannelGenerations()
    private var isClosing = false
    /// Before a connection is tried again that could not even be begun.
    private static let pause = Duration.seconds(1)

    /// Begins to connect. Call on the loop's thread.
    ///
    /// - Parameter bodyLimit: bytes; a larger body is not kept, see `Delivery.omittedBodySize`.
    package init(
        addresses: AMQPAddresses,
        name: String,
        bodyLimit: UInt64 = UInt64(LargestBody.bytes),
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

    /// On a broker that has one address.
    package convenience init(
        address: AMQPAddress,
        name: String,
        bodyLimit: UInt64 = UInt64(LargestBody.bytes),
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
            // Not from inside this call: the caller does not know the subscription yet.
            self.loop.schedule(after: .zero) {
                if connection.driver?.connection == nil { channel.lost(error) }
            }
        }
        return id
    }

    /// One that is shared and has a number left.
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

    /// Makes the consumer anew on a connection of its own.
    private func isolate(_ channel: ConsumerChannel, because error: BrokerError) {
        guard !self.isClosing else { return }
        guard let connection = self.newConnection(isIsolated: true) else {
            // No descriptor or thread is left for the moment.
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

    /// The broker allows fewer channels on a connection than were asked for.
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

    /// Nil when the subscription's channel is over; its tags are void then.
    private func channel(_ subscription: SubscriptionID) -> ConsumerChannel? {
        guard let channel = self.channels[subscription.number & 0xffff], channel.id == subscription else {
            return nil
        }
        return channel
    }

    package func unsubscribe(_ subscription: SubscriptionID, _ departure: Departure) {
        self.channel(subscription)?.unsubscribe(departure)
    }

    package func abandon(_ subscription: SubscriptionID) { self.channel(subscription)?.abandon() }

    package func renew(_ subscription: SubscriptionID, because error: BrokerError) {
        self.channel(subscription)?.renew(error)
    }

    package func acknowledge(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        self.channel(subscription)?.acknowledge(tag)
    }

    package func giveBack(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        self.channel(subscription)?.giveBack(tag)
    }

    package func refuse(_ tag: DeliveryTag, of subscription: SubscriptionID) {
        self.channel(subscription)?.refuse(tag)
    }

    package func flush() {
        var hasEnded = false
        for connection in self.connections where connection.flush() { hasEnded = true }
        // `close` counts the connections, so none may be removed while it waits.
        guard hasEnded, !self.isClosing else { return }
        for (index, channel) in self.channels.enumerated() {
            // One that is over and wanted waits to be made anew: its place is kept.
            if let channel, channel.isOver, !channel.isWanted { self.channels[index] = nil }
        }
        self.dropUnused()
    }

    /// A connection that was made for one consumer goes with it.
    private func dropUnused() {
        for connection in self.connections where connection.isIsolated && connection.isUnused {
            self.connections.removeAll { $0 === connection }
            // It stays alive until its socket is closed: the loop watches it by then.
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
                // It stays alive until its socket is closed, although its last consumer may go meanwhile: an end of
                // which nobody hears would keep the host from ending.
                let closed = {
                    withExtendedLifetime(connection) { left -= 1 }
                    if left == 0 { completion() }
                }
                if let driver = connection.driver { driver.stop(closed) } else { closed() }
            }
        }
    }
}
