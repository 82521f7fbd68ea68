import Messaging

/// The rules on which two promises rest: that an event is acknowledged without a run only on proof, and that a drain
/// ends. They are named here so that a test can take one of them out and see that the promise breaks.
protocol PipelinePolicy {
    /// What two deliveries have in common when they bring the same message.
    static func key(of delivery: Delivery) -> EventKey

    /// Whether the delivery can be one that this host has had before.
    static func mayBeKnown(_ delivery: Delivery) -> Bool

    /// What a draining pipeline does about answers that do not come.
    ///
    /// - Parameter quiet: how long nothing has run.
    static func verdict(afterQuiet quiet: Duration) -> DrainVerdict
}

/// The rules of the product.
enum StandardPolicy: PipelinePolicy {
    static func key(of delivery: Delivery) -> EventKey { EventKey(delivery) }

    static func mayBeKnown(_ delivery: Delivery) -> Bool { delivery.isRedelivered }

    static func verdict(afterQuiet quiet: Duration) -> DrainVerdict {
        if quiet >= DrainLimits.settlingTime + DrainLimits.endingTime { return .abandonAll }
        return quiet >= DrainLimits.settlingTime ? .abandonSettlements : .goOn
    }
}
