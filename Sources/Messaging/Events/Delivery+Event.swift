extension Delivery {
    /// The event's ID. A message without one gets an ID made from its content, which a prefix marks.
    ///
    /// Two deliveries of one message get the same generated ID, and so do two messages that are equal in all their
    /// parts.
    package func eventID(_ attributes: EventAttributes) -> String {
        self.eventIDOverride(attributes) ?? self.bytes.text(attributes.id) ?? ""
    }

    /// The event's ID where it differs from `attributes.id`: the ID in an envelope, or a generated one; otherwise
    /// `nil`.
    package func eventIDOverride(_ attributes: EventAttributes) -> String? {
        if self.isStructured, let id = EnvelopeIdentity.text(self.envelope.id, in: self.bytes) { return id }
        return attributes.id.count > 0 ? nil : EventAttributes.generatedPrefix + self.contentHash.identifier
    }

    /// The event's source; `nil` when the message names none.
    package func eventSource(_ attributes: EventAttributes) -> String? {
        if self.isStructured, let source = EnvelopeIdentity.text(self.envelope.source, in: self.bytes) { return source }
        return attributes.source.count > 0 ? self.bytes.text(attributes.source) : nil
    }

    /// Whether the event's publisher gave it an identity: a source and an id (CloudEvents 1.0, section 3.1).
    ///
    /// Without an identity, two events with the same content cannot be told apart. An ID that the runtime generated is
    /// no identity, and neither is an ID derived from a generated one (see `EventAttributes.generatedPrefix`).
    package var hasIdentity: Bool { self.identityHash(self.layout) != nil }

    /// A hash of source and ID, the same for everything that CloudEvents considers one event: each delivery of its
    /// message, each copy that a retry makes, and each message in which its publisher sent it again, in whatever mode.
    /// `nil` for an event without identity.
    ///
    /// - Parameter layout: the delivery's own.
    package func identityHash(_ layout: PropertyLayout) -> StableHash? {
        if self.isStructured { return self.structuredIdentityHash }
        var (source, id) = (layout.appID, layout.messageID)
        if source.count == 0 || id.count == 0 {
            // A rare case: the headers may contain it.
            let attributes = EventAttributes(self)
            (source, id) = (attributes.source, attributes.id)
        }
        guard source.count > 0, id.count > 0 else { return nil }
        return self.identityHash(
            source: self.bytes[source.lowerBound..<source.upperBound],
            id: self.bytes[id.lowerBound..<id.upperBound]
        )
    }

    private var structuredIdentityHash: StableHash? {
        let attributes = EventAttributes(self)
        guard let source = self.eventSource(attributes) else { return nil }
        return self.identityHash(source: Array(source.utf8)[...], id: Array(self.eventID(attributes).utf8)[...])
    }

    private func identityHash(source: ArraySlice<UInt8>, id: ArraySlice<UInt8>) -> StableHash? {
        guard !id.starts(with: EventAttributes.generatedPrefix.utf8) else { return nil }
        var hash = StableHash()
        hash.combine(source)
        hash.combine(id)
        return hash
    }
}
