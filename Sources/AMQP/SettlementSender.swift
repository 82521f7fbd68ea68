import CRabbitMQ
import Messaging

/// Sends the settlements of one channel. Acknowledgements are collected and combined; requeues and rejections are sent
/// at once. Confined to the loop of its driver.
struct SettlementSender {
    private let channel: UInt16
    private let prefetch: Int
    private let driver: ConnectionDriver
    private var acks = AckLedger()

    init(channel: UInt16, prefetch: UInt16, driver: ConnectionDriver) {
        self.channel = channel
        self.prefetch = Int(prefetch)
        self.driver = driver
    }

    /// Begins another life of the channel, in which the broker numbers the deliveries from 1 again.
    mutating func begin() { self.acks = AckLedger() }

    mutating func delivered(_ tag: UInt64) { self.acks.delivered(tag) }

    /// Marks the delivery as acknowledged. A later `flush` sends that, together with its neighbours.
    mutating func acknowledge(_ tag: UInt64) { _ = self.acks.acknowledge(tag) }

    mutating func requeue(_ tag: UInt64) {
        guard self.acks.tell(tag) else { return }
        let nack = amqp_basic_nack_t(delivery_tag: tag, multiple: 0, requeue: 1)
        self.driver.send(AMQP_BASIC_NACK_METHOD, on: self.channel, nack)
    }

    mutating func reject(_ tag: UInt64) {
        guard self.acks.tell(tag) else { return }
        let reject = amqp_basic_reject_t(delivery_tag: tag, requeue: 0)
        self.driver.send(AMQP_BASIC_REJECT_METHOD, on: self.channel, reject)
    }

    /// Whether acknowledgements wait to be sent.
    var isCollecting: Bool { self.acks.unsent > 0 }

    /// Whether every delivery is settled and the broker has been told.
    var isSettled: Bool { self.acks.outstanding == 0 && self.acks.unsent == 0 }

    /// Whether unsent acknowledgements, which use up prefetch, take a third of it.
    private var isHoldingUp: Bool { self.acks.unsent * 3 >= self.prefetch }

    /// Sends the collected acknowledgements when they use a third of the prefetch, or when `atOnce` is set. Otherwise
    /// acknowledgements behind a delivery that still runs wait for it; but a gap that blocks a third of the prefetch
    /// does not close soon.
    mutating func flush(atOnce: Bool) {
        guard atOnce || self.isHoldingUp else { return }
        if let prefix = self.acks.takePrefix() { self.sendAck(prefix.tag, isMultiple: prefix.isMultiple) }
        guard atOnce || self.isHoldingUp else { return }
        for tag in self.acks.takeStragglers() { self.sendAck(tag, isMultiple: false) }
    }

    private func sendAck(_ tag: UInt64, isMultiple: Bool) {
        let ack = amqp_basic_ack_t(delivery_tag: tag, multiple: isMultiple ? 1 : 0)
        self.driver.send(AMQP_BASIC_ACK_METHOD, on: self.channel, ack)
    }
}
