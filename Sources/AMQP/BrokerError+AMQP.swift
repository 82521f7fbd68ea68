import CRabbitMQ
import Messaging

/// Turns the three ways in which librabbitmq and the broker report an error into `BrokerError`, in one place.
extension BrokerError {
    /// From a status code of librabbitmq.
    static func status(_ status: Int32, while doing: String, at address: AMQPAddress) -> BrokerError {
        let words = self.words(status)
        switch amqp_status_enum(rawValue: status) {
        case AMQP_STATUS_HOSTNAME_RESOLUTION_FAILED:
            return BrokerError(
                .unreachable,
                "the host name in \(address) cannot be resolved; check the broker address"
            )
        case AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED, AMQP_STATUS_SSL_PEER_VERIFY_FAILED:
            return BrokerError(
                .accessRefused,
                "the certificate of \(address) is not trusted (\(words)); name its authority with ?cacertfile="
            )
        case AMQP_STATUS_HEARTBEAT_TIMEOUT:
            return BrokerError(.unreachable, "\(address) has sent no heartbeat for too long")
        default:
            return BrokerError(.unreachable, "\(doing) \(address) failed: \(words)")
        }
    }

    /// What a status code means. Where librabbitmq only says "a socket error occurred" it does not know more either.
    static func words(_ status: Int32) -> String {
        switch amqp_status_enum(rawValue: status) {
        case AMQP_STATUS_SOCKET_ERROR: "the network or the other side broke the connection, or does not take it"
        case AMQP_STATUS_CONNECTION_CLOSED: "the other side has closed the connection"
        default: String(cString: amqp_error_string2(status))
        }
    }

    /// From the reply to a synchronous call; `nil` when the call succeeded.
    static func reply(_ reply: amqp_rpc_reply_t, while doing: String, at address: AMQPAddress) -> BrokerError? {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL:
            return nil
        case AMQP_RESPONSE_SERVER_EXCEPTION:
            guard let decoded = reply.reply.decoded else {
                return BrokerError(.protocolViolation, "\(doing) \(address): the broker closed without a reason")
            }
            if reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD {
                let close = decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
                return .closed(code: close.reply_code, text: close.reply_text.text, while: doing, at: address)
            }
            let close = decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            return .closed(code: close.reply_code, text: close.reply_text.text, while: doing, at: address)
        default:
            return .status(reply.library_error, while: doing, at: address)
        }
    }

    /// From a close method with its reply code (AMQP 0-9-1, section 1.1: constants).
    static func closed(code: UInt16, text: String, while doing: String, at address: AMQPAddress?) -> BrokerError {
        let kind: Kind
        let remedy: String
        switch code {
        case 320:
            (kind, remedy) = (.unreachable, "the broker is going down or closed the connection")
        case 402, 403:
            (kind, remedy) = (.accessRefused, "check user, password and permissions")
        case 404:
            (kind, remedy) = (.notFound, "it must exist first")
        case 405:
            (kind, remedy) = (.locked, "another consumer has exclusive use of it")
        case 406:
            (kind, remedy) = (.mismatch, self.remedyOfFailedPrecondition(text))
        case 530:
            (kind, remedy) = (.accessRefused, "check the virtual host and the user's access to it")
        default:
            (kind, remedy) = (.protocolViolation, "see the broker's log")
        }
        return BrokerError(kind, "\(doing) \(address?.description ?? "the broker"): \(text) (\(code)); \(remedy)")
    }

    /// The broker has one code for several things. Its words tell them apart.
    private static func remedyOfFailedPrecondition(_ text: String) -> String {
        if text.contains("inequivalent arg"), text.contains("for queue") {
            return "the queue exists with other settings, which never change ('ordered' is one): name another 'queue:' "
                + "in the manifest, or delete this one when it is empty"
        }
        if text.contains("inequivalent arg") {
            return "the exchange exists with other settings, which never change: name another one in the manifest"
        }
        if text.contains("timed out") {
            return "an event was not settled in the time that the broker allows (its consumer_timeout): shorten "
                + "'timeout' in the manifest, or let the broker allow more"
        }
        return "see the broker's log"
    }

    static let closedHere = BrokerError(.closed, "the connection to the broker was closed by this process")
}

extension amqp_bytes_t {
    /// The bytes as text, copied; bytes that are not UTF-8 become U+FFFD.
    var text: String { String(decoding: self.buffer, as: UTF8.self) }

    /// The bytes in place, not copied: valid until the connection's buffers are released.
    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: self.bytes, count: self.len) }
}
