extension Delivery {
    /// The event's id, or, for a message that has none, an id made from its content and marked by its prefix.
    ///
    /// Two deliveries of one message get the same made-up id, and so do two messages that are equal in all they say.
    package func eventID(_ attributes: EventAttributes) -> String {
        self.eventIDBeside(attributes) ?? self.bytes.text(attributes.id) ?? ""
    }

    /// The event's id where `attributes.id` is not it: that of an envelope, or the made-up one.
    package func eventIDBeside(_ attributes: EventAttributes) -> String? {
        if self.isStructured, let id = EnvelopeIdentity.text(self.envelope.id, in: self.bytes) { return id }
        return attributes.id.count > 0 ? nil : EventAttributes.generatedPrefix + self.contentHash.identifier
    }

    /// Who says so; nil when nobody is named.
    package func eventSource(_ attributes: EventAttributes) -> String? {
        if self.isStructured, let source = EnvelopeIdentity.text(self.envelope.source, in: self.bytes) { return source }
        return attributes.source.count > 0 ? self.bytes.text(attributes.source) : nil
    }

    /// Whether the event's publisher gave it an identity: a source and an id (CloudEvents 1.0, section 3.1).
    ///
    /// Without one two events that say the same cannot be told apart. An id that the runtime made up is none, also when
    /// it was derived from such an id (see `EventAttributes.generatedPrefix`).
    package var hasIdentity: Bool { self.identityHash(self.layout) != nil }

    /// A hash of source and id, which is the same for everything that CloudEvents takes for one event: each delivery of
    /// its message, each copy that a retry makes, and what its publisher sent twice, in whatever mode. Nil for an event
    /// without identity.
    ///
    /// - Parameter layout: the delivery's own.
    package func identityHash(_ layout: PropertyLayout) -> StableHash? {
        if self.isStructured { return self.structuredIdentityHash }
        var (source, id) = (layout.appID, layout.messageID)
        if source.count == 0 || id.count == 0 {
            // Rarely: then the headers say it, if anything does.
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
