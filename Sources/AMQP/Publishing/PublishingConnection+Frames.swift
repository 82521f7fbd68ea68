import CRabbitMQ
import Messaging

/// Turns the frames of librabbitmq and the driver's reports into events.
extension PublishingConnection: ConnectionClient {
    func connected(_ connection: ConnectionHandle) { self.handle(.connected(to: "\(connection.address)")) }

    func received(_ frame: inout amqp_frame_t) {
        switch Int32(frame.frame_type) {
        case AMQP_FRAME_METHOD:
            if let event = self.event(of: frame) { self.handle(event) }
        case AMQP_FRAME_HEADER:
            if let message = self.returns.header(frame) { self.handle(.returned(message)) }
        default:
            // The body of a returned message.
            break
        }
    }

    /// `nil` for a method that is not complete without its header, or that a publisher does not expect.
    private func event(of frame: amqp_frame_t) -> PublishingEvent<PublishItem>? {
        switch frame.payload.method.id {
        case AMQP_BASIC_ACK_METHOD:
            guard let ack = frame.method(as: amqp_basic_ack_t.self) else { return nil }
            return .answered(ack.delivery_tag, multiple: ack.multiple != 0, isPositive: true)
        case AMQP_BASIC_NACK_METHOD:
            guard let nack = frame.method(as: amqp_basic_nack_t.self) else { return nil }
            return .answered(nack.delivery_tag, multiple: nack.multiple != 0, isPositive: false)
        case AMQP_BASIC_RETURN_METHOD:
            if let returned = frame.method(as: amqp_basic_return_t.self) { self.returns.begin(returned) }
            return nil
        case AMQP_CHANNEL_OPEN_OK_METHOD:
            return .channelOpened
        case AMQP_CONFIRM_SELECT_OK_METHOD:
            return .confirmsSelected
        case AMQP_CHANNEL_CLOSE_OK_METHOD:
            return .channelClosed
        case AMQP_CHANNEL_CLOSE_METHOD:
            guard let close = frame.method(as: amqp_channel_close_t.self) else { return nil }
            let error = BrokerError.closed(
                code: close.reply_code,
                text: close.reply_text.text,
                while: "publishing to",
                at: self.driver?.address
            )
            return .channelClosedByBroker(error)
        default:
            return nil
        }
    }

    func didReadFrames() {}

    func lost(_ error: BrokerError) {
        self.returns = ReturnAssembly()
        self.handle(.lost(error))
    }

    func blocked(_ reason: String?) {
        if let reason { self.handle(.blocked(reason: reason)) } else { self.handle(.unblocked) }
    }
}

/// Assembles a basic.return: the method names exchange and routing key, and the header frame after it names the
/// message.
struct ReturnAssembly {
    private var method: (exchange: String, routingKey: String)?

    mutating func begin(_ returned: amqp_basic_return_t) {
        self.method = (returned.exchange.text, returned.routing_key.text)
    }

    /// Takes the header frame; `nil` when it does not belong to a return.
    mutating func header(_ frame: amqp_frame_t) -> ReturnedMessage? {
        guard let method = self.method else { return nil }
        self.method = nil
        let properties = frame.payload.properties.decoded?
            .assumingMemoryBound(to: amqp_basic_properties_t.self).pointee
        let hasID = properties.map { $0._flags & amqp_flags_t(AMQP_BASIC_MESSAGE_ID_FLAG) != 0 } ?? false
        return ReturnedMessage(
            messageID: hasID ? properties?.message_id.text : nil,
            exchange: method.exchange,
            routingKey: method.routingKey
        )
    }
}
