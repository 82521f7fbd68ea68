import CRabbitMQ
import EventLoops
import Logging
import Messaging

/// One connection on the loop's thread that serves consumers, each on a channel of its own.
final class ConsumingConnection {
    /// RabbitMQ's default (`channel_max`). The broker's actual limit is known after the first login.
    private static let usualLimit = 2047

    /// Whether it serves a single consumer, whose queue did not answer on a shared connection.
    let isIsolated: Bool
    private(set) var driver: ConnectionDriver?
    /// Channel n is at index n - 1, because channel numbers begin at 1. A new channel reuses the number of one that is
    /// over.
    private var channels: [ConsumerChannel?] = []
    /// Channels on which something has happened since the last flush: a turn visits these and no others.
    private var noted: [ConsumerChannel] = []
    /// The channels that are being flushed. Swapped with `noted`, so both arrays keep their memory.
    private var flushing: [ConsumerChannel] = []
    private var limit = ConsumingConnection.usualLimit
    /// Called with the channels for which the broker allows no number.
    private let overflowed: ([ConsumerChannel]) -> Void

    init(
        addresses: AMQPAddresses,
        name: String,
        isIsolated: Bool,
        loop: EventLoop,
        logger: Logger,
        overflowed: @escaping ([ConsumerChannel]) -> Void
    ) throws(SystemError) {
        self.isIsolated = isIsolated
        self.overflowed = overflowed
        let driver = try ConnectionDriver(
            addresses: addresses,
            role: .consuming,
            // Without the shared connection everything stands still. One that serves a single consumer is told of by
            // that consumer.
            isAnnounced: !isIsolated,
            name: name,
            loop: loop,
            logger: logger,
            client: self
        )
        self.driver = driver
        driver.start()
    }

    /// The number for the next channel; `nil` when none is left.
    var freeNumber: UInt16? {
        let index = self.channels.firstIndex { $0 == nil } ?? self.channels.count
        return index < self.limit ? UInt16(index + 1) : nil
    }

    /// Whether it has no consumer left.
    var isUnused: Bool { self.channels.allSatisfy { $0?.isOver ?? true } }

    func add(_ channel: ConsumerChannel) {
        let index = Int(channel.number) - 1
        while self.channels.count <= index { self.channels.append(nil) }
        self.channels[index] = channel
        channel.connection = self
        channel.requestFlush()
    }

    /// Has the channel flushed at the end of the turn, because something has happened on it. A channel asks once a
    /// turn.
    func note(_ channel: ConsumerChannel) { self.noted.append(channel) }

    /// - Returns: whether a channel has ended since the last time.
    func flush() -> Bool {
        guard !self.noted.isEmpty else { return false }
        swap(&self.noted, &self.flushing)
        var hasEnded = false
        for channel in self.flushing {
            channel.needsFlush = false
            channel.flush()
            let index = Int(channel.number) - 1
            // Another channel may have this number by now.
            guard channel.isOver, self.channels.indices.contains(index), self.channels[index] === channel else {
                continue
            }
            self.channels[index] = nil
            hasEnded = true
        }
        self.flushing.removeAll(keepingCapacity: true)
        return hasEnded
    }

    func flushAtOnce() { for channel in self.channels { channel?.flush(atOnce: true) } }
}

extension ConsumingConnection: ConnectionClient {
    func connected(_ connection: ConnectionHandle) {
        connection.acceptLargeFrames()
        let allowed = Int(amqp_get_channel_max(connection.state))
        self.limit = allowed > 0 ? allowed : Self.usualLimit
        if self.channels.count > self.limit {
            let left = self.channels[self.limit...].compactMap { $0 }
            self.channels.removeSubrange(self.limit...)
            self.overflowed(left)
        }
        for channel in self.channels { channel?.connected() }
    }

    func received(_ frame: inout amqp_frame_t) {
        let index = Int(frame.channel) - 1
        guard self.channels.indices.contains(index) else { return }
        self.channels[index]?.received(&frame)
    }

    func didReadFrames() {
        // A handler may note further channels, which have nothing to hand over.
        for channel in self.noted { channel.handOver() }
    }

    func lost(_ error: BrokerError) {
        for channel in self.channels { channel?.lost(error) }
    }

    func blocked(_ reason: String?) {}
}
