/// Something that was seen: on the broker, in the host's log, or by the demonstration itself.
enum Observation: Sendable {
    /// `warren publish` has ended: the ids of the events that the broker has confirmed.
    case published([String])
    case event(SeenEvent)
    case deadLetter(SeenDeadLetter)
    case functionIsRunning(String)
    case allFunctionsAreRunning
    case retry(SeenRetry)
    case webhookIsRunning(String)
    /// The webhook's endpoint has said that it is gone, or wants a pause.
    case webhookPaused(reason: String)
    /// A delivery that failed and is made again later.
    case deliveryRetried(SeenRetry)
    /// The partner has got a delivery.
    case received(SeenDelivery)
    /// The example function `record-event`, which hears everything, has handled this event.
    case recorded(id: String)
    case hostComplained(String)
    case hostEnded(code: Int32)
    case tookTooLong(String)
}

/// A delivery as the partner's `warren webhook listen` tells it.
struct SeenDelivery: Sendable {
    let eventID: String
    let hasValidSignature: Bool
    /// What the partner answered.
    let answer: String

    var isTaken: Bool { self.answer.hasPrefix("2") }
}

/// An event on the exchange, as a queue that is bound to everything got it.
struct SeenEvent: Sendable {
    let id: String
    let type: String
    /// The correlation id: the id of the event that all the others of this story come from.
    let story: String
    /// From the payload, where it has one.
    let order: String?
    /// From the payload of payment.charged: the attempt that succeeded.
    let attempts: Int?
}

/// A message out of a dead-letter queue.
struct SeenDeadLetter: Sendable {
    let story: String
    /// Whose dead letter it is.
    let function: String
    let reason: String
    let attempt: Int
    let error: String
}

/// A line of the host's log about an event that failed and is run again later.
struct SeenRetry: Sendable {
    let eventID: String
    let function: String
    let delay: String
    let error: String
}
