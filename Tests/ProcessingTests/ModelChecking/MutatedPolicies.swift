import Messaging

@testable import Processing

/// Two events are one when their ids are: what findings of the past called an event key without its source.
enum KeyWithoutSource: PipelinePolicy {
    static func key(of delivery: Delivery) -> EventKey {
        var hash = StableHash()
        let layout = delivery.layout
        for field in [delivery.routingKeyRange, layout.messageID] where field.isPresent {
            hash.combine(delivery.bytes[field.lowerBound..<field.upperBound])
        }
        hash.combine(delivery.body)
        return EventKey(content: hash.value)
    }

    static func mayBeKnown(_ delivery: Delivery) -> Bool { StandardPolicy.mayBeKnown(delivery) }
    static func verdict(afterQuiet quiet: Duration) -> DrainVerdict { StandardPolicy.verdict(afterQuiet: quiet) }
}

/// Headers in another order make another message: but the broker sorts them when it delivers again.
enum KeyByOrderOfHeaders: PipelinePolicy {
    static func key(of delivery: Delivery) -> EventKey {
        var hash = StableHash()
        for header in delivery.headers.entries where header.name != "x-delivery-count" {
            hash.combine(header.name)
        }
        let content = StandardPolicy.key(of: delivery).hashValue
        hash.combine(UInt64(truncatingIfNeeded: content))
        return EventKey(content: hash.value)
    }

    static func mayBeKnown(_ delivery: Delivery) -> Bool { StandardPolicy.mayBeKnown(delivery) }
    static func verdict(afterQuiet quiet: Duration) -> DrainVerdict { StandardPolicy.verdict(afterQuiet: quiet) }
}

/// Whatever looks the same is the same, also when its publisher has published it anew.
enum KnownWithoutRedelivery: PipelinePolicy {
    static func key(of delivery: Delivery) -> EventKey { StandardPolicy.key(of: delivery) }
    static func mayBeKnown(_ delivery: Delivery) -> Bool { true }
    static func verdict(afterQuiet quiet: Duration) -> DrainVerdict { StandardPolicy.verdict(afterQuiet: quiet) }
}

/// A drain waits for every answer, however long.
enum DrainWithoutClock: PipelinePolicy {
    static func key(of delivery: Delivery) -> EventKey { StandardPolicy.key(of: delivery) }
    static func mayBeKnown(_ delivery: Delivery) -> Bool { StandardPolicy.mayBeKnown(delivery) }
    static func verdict(afterQuiet quiet: Duration) -> DrainVerdict { .goOn }
}
