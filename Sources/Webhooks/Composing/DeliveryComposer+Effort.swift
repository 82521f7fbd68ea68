import Invoking
import Messaging

extension DeliveryComposer {
    /// How many bytes composing goes through for an event, about: its payload, as many times as it is read.
    func effort(_ invocation: Invocation) -> Int {
        let size = invocation.delivery.body.count
        let passes = self.passes + (invocation.isEnvelope ? Self.openingPasses : 0)
        return size * passes
    }

    /// An envelope is checked, and its members are looked for.
    private static let openingPasses = 2
}

extension Invocation {
    private static let envelopeType = Array("application/cloudevents+json".utf8)

    /// Its payload is an event in CloudEvents' structured mode.
    fileprivate var isEnvelope: Bool {
        let type = self.attributes.contentType
        guard type.isPresent else { return false }
        // Asked for every event, so nothing is copied. Media types may be written in capitals.
        let bytes = self.delivery.bytes[type.lowerBound..<type.upperBound]
        return bytes.starts(with: Self.envelopeType) { $0 | 0x20 == $1 }
    }
}
