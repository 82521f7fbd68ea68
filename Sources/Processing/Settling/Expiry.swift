import Messaging

/// When an event ends that its publisher gave a time to live (the AMQP property `expiration`).
///
/// The broker drops what is too old while it waits in a queue, and knows nothing of it any more when a copy goes
/// through a delay: a time to live of the message's own would cut the delay short. So the end travels as a header,
/// `warren-expires-at`, and what is past it is dead-lettered instead of run.
enum Expiry {
    /// Milliseconds since 1970; nil when the event lives for ever.
    ///
    /// - Parameters:
    ///   - layout: the delivery's own.
    ///   - isCopy: it has come out of a delay, where nobody but Warren publishes, so its header is believed.
    ///   - now: milliseconds since 1970. The broker says nothing of how long the event has waited, so its time is
    ///     counted from when it is first delivered: it never ends too early.
    static func end(of delivery: Delivery, _ layout: PropertyLayout, isCopy: Bool, now: Int64) -> Int64? {
        if isCopy {
            guard case .integer(let end)? = delivery.headers(layout)[RuntimeHeaders.expiresAt] else { return nil }
            return end
        }
        guard layout.expiration.isPresent, let time = Int64(delivery.bytes.text(layout.expiration) ?? ""), time >= 0
        else { return nil }
        return now.addingReportingOverflow(time).partialValue < now ? nil : now + time
    }

    static let failure = Failure(type: "Expired", message: "its time to live was over before it could be run")
}
