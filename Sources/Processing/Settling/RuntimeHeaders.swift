import Messaging

/// The headers that Warren writes on the copies it makes, and when it believes them.
///
/// Anybody may publish a message with such headers, so they are believed only on a message that has come out of a
/// delay (`TopologyNames.isDelay`), where nobody but Warren publishes.
package enum RuntimeHeaders {
    static let prefix = "warren-"
    package static let attempt = "warren-attempt"
    static let deferrals = "warren-deferrals"
    static let firstFailedAt = "warren-first-failed-at"
    package static let error = "warren-error"
    package static let errorType = "warren-error-type"
    static let function = "warren-function"
    static let host = "warren-host"
    /// Milliseconds since 1970, when the event ends (see `Expiry`).
    static let expiresAt = "warren-expires-at"
    package static let deadReason = "warren-dead-reason"
    static let deadAt = "warren-dead-at"
    /// What a webhook's endpoint answered to the last attempt, how long that took, and the first 2 KiB of it.
    package static let httpStatus = "warren-http-status"
    package static let httpDuration = "warren-http-duration-ms"
    package static let httpResponse = "warren-http-response"
    package static let originalExchange = "warren-original-exchange"
    package static let originalRoutingKey = "warren-original-routing-key"

    /// Whether a header is cut out of every copy that Warren publishes: its own of an earlier copy, what the broker
    /// wrote about an earlier life (brokers up to 3.13 believe a client's `x-death` and drop what looks like a cycle),
    /// and the lists by which a message is routed to more places than its routing key says.
    static func isStripped(_ name: String) -> Bool {
        name.hasPrefix(self.prefix) || name.hasPrefix("x-death") || name.hasPrefix("x-first-death")
            || name.hasPrefix("x-last-death") || name == "x-delivery-count" || name == "x-acquired-count"
            || name == "CC" || name == "BCC"
    }
}

/// Where an event was published first, before Warren sent it through a delay. The function sees this key, and a dead
/// letter names both.
package struct Origin: Sendable, Hashable {
    package let exchange: String
    package let routingKey: String
}

extension AttemptHistory {
    /// Reads the history of a message that has come out of a delay. Odd values count as absent.
    init(_ headers: FieldTable) {
        func number(_ name: String, atLeast least: Int64) -> Int64? {
            guard case .integer(let value)? = headers[name], value >= least else { return nil }
            return value
        }
        self.init(
            attempt: Int(clamping: number(RuntimeHeaders.attempt, atLeast: 1) ?? 1),
            deferrals: Int(clamping: number(RuntimeHeaders.deferrals, atLeast: 0) ?? 0),
            firstFailedAt: number(RuntimeHeaders.firstFailedAt, atLeast: 0)
        )
    }
}

extension Origin {
    /// Reads the origin of a message that has come out of a delay; nil when the headers do not say it.
    init?(_ headers: FieldTable) {
        guard case .string(let exchange)? = headers[RuntimeHeaders.originalExchange],
            case .string(let routingKey)? = headers[RuntimeHeaders.originalRoutingKey]
        else { return nil }
        self.init(exchange: exchange, routingKey: routingKey)
    }
}
