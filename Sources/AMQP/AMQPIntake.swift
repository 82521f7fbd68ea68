import CRabbitMQ
package import Logging
package import Messaging
package import Polling

/// The consuming connection: one socket on the loop's thread, one channel for each subscription.
package final class AMQPIntake: Intake {
    private let loop: EventLoop
    private let bodyLimit: UInt64
    private let logger: Logger
    private var driver: ConnectionDriver?
    /// Channel numbers begin at 1, so channel n is at index n - 1. One that is over leaves its number to the next.
    private var channels: [ConsumerChannel?] = []
    private var subscriptions = 0

    /// Begins to connect. Call on the loop's thread.
    ///
    /// - Parameter bodyLimit: bytes; a larger body is not kept, see `Delivery.omittedBodySize`.
    package init(
        addresses: AMQPAddresses,
        name: String,
        bodyLimit: UInt64 = 16 << 20,
        loop: EventLoop,
        logger: Logger
    ) throws(SystemError) {
        self.loop = loop
        self.bodyLimit = bodyLimit
        self.logger = logger
        let driver = try ConnectionDriver(
            addresses: addresses,
            role: .consuming,
            name: name,
            loop: loop,
            logger: logger,
            client: self
        )
        self.driver = driver
        driver.start()
    }

    /// On a broker that has one address.
    package convenience init(
        address: AMQPAddress,
        name: String,
        bodyLimit: UInt64 = 16 << 20,
        loop: EventLoop,
        logger: Logger
    ) throws(SystemError) {
        try self.init(addresses: AMQPAddresses(address), name: name, bodyLimit: bodyLimit, loop: loop, logger: logger)
    }

    package func subscribe(
        to queue: String,
        prefetch: UInt16,
        handler: @escaping (SubscriptionEvent) -> Void
    ) -> SubscriptionID {
        let index = self.channels.firstIndex { $0 == nil } ?? self.channels.count
        if index == self.channels.count { self.channels.append(nil) }
        self.subscriptions += 1
        let subscription = SubscriptionID(number: self.subscriptions << 16 | index)
        guard let driver = self.driver else { preconditionFailure("the intake has its driver from its first line on") }
        let channel = ConsumerChannel(
            number: UInt16(index + 1),
            subscription: subscription,
            queue: queue,
            prefetch: prefetch,
            bodyLimit: self.bodyLimit,
            driver: driver,
            loop: self.loop,
            handler: handler
        )
        self.channels[index] = channel
        if driver.connection != nil {
            channel.connected()
        } else if let error = driver.lastError {
            // Not from inside this call: the caller does not know the subscription yet.
            self.loop.schedule(after: .zero) {
                if driver.connection == nil { channel.lost(error) }
            }
        }
        return subscription
    }

    /// Nil when the subscription's channel is over; its tags are void then.
    private func channel(_ subscription: SubscriptionID) -> ConsumerChannel? {
        guard let channel = self.channels[subscription.number & 0xffff], channel.subscription == subscription else {
            return nil
        }
        return channel
    }

    package func unsubscribe(_ subscription: SubscriptionID, _ departure: Departure) {
        self.channel(subscription)?.unsubscribe(departure)
    }

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
        for (index, channel) in self.channels.enumerated() {
            guard let channel else { continue }
            channel.flush()
            if channel.isOver { self.channels[index] = nil }
        }
    }

    package func close(_ completion: @escaping () -> Void) {
        for channel in self.channels { channel?.flush(atOnce: true) }
        self.loop.schedule(after: ConsumerChannel.settlementGrace) { [weak self] in
            guard let driver = self?.driver else { return completion() }
            driver.stop(completion)
        }
    }
}

extension AMQPIntake: ConnectionClient {
    func connected(_ connection: ConnectionHandle) {
        connection.acceptLargeFrames()
        for channel in self.channels { channel?.connected() }
    }

    func received(_ frame: inout amqp_frame_t) {
        let index = Int(frame.channel) - 1
        guard self.channels.indices.contains(index) else { return }
        self.channels[index]?.received(&frame)
    }

    func drained() {
        for channel in self.channels { channel?.handOver() }
    }

    func lost(_ error: BrokerError) {
        for channel in self.channels { channel?.lost(error) }
    }

    func blocked(_ reason: String?) {}
}
