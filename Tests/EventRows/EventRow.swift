package import Messaging

/// One row of the table of `EventReader`: a message, and what everybody who reads it has to see.
package struct EventRow: Sendable, CustomStringConvertible {
    /// What the row is about.
    package let description: String
    package let delivery: Delivery
    /// The event's id for the host, the function and the endpoint; nil for a made-up one.
    package let id: String?
    /// Attributes that must be seen.
    package let seen: [EventReader.Attribute: String]
    /// Attributes that must not be seen.
    package let unseen: [EventReader.Attribute]
    /// Bytes as a function that wants bytes gets them; nil when the row is not about them.
    package let payload: String?
    /// How the reason begins for which the event is undecodable; nil when it is understood.
    package let refused: String?

    /// - Parameter properties: without any, the message is in structured mode and says nothing beside the envelope.
    package init(
        _ description: String,
        _ properties: BasicProperties = .envelope(),
        headers: [(String, FieldValue)] = [],
        body: [UInt8],
        id: String?,
        seen: [EventReader.Attribute: String] = [:],
        unseen: [EventReader.Attribute] = [],
        payload: String? = nil,
        refused: String? = nil
    ) {
        self.description = description
        self.delivery = Delivery(
            OutgoingMessage(
                exchange: "events",
                routingKey: "order.placed",
                properties: properties,
                headers: FieldTable(headers),
                body: body[...]
            ),
            tag: DeliveryTag(generation: 1, value: 1)
        )
        self.id = id
        self.seen = seen
        self.unseen = unseen
        self.payload = payload
        self.refused = refused
    }

    package init(
        _ description: String,
        _ properties: BasicProperties = .envelope(),
        headers: [(String, FieldValue)] = [],
        body: String,
        id: String?,
        seen: [EventReader.Attribute: String] = [:],
        unseen: [EventReader.Attribute] = [],
        payload: String? = nil,
        refused: String? = nil
    ) {
        self.init(
            description,
            properties,
            headers: headers,
            body: Array(body.utf8),
            id: id,
            seen: seen,
            unseen: unseen,
            payload: payload,
            refused: refused
        )
    }

    package static let all: [EventRow] = modes + places + kinds + sizes + data + wholes
}

extension BasicProperties {
    /// Of an event in structured mode with nothing beside the envelope.
    package static func envelope(
        _ contentType: String = "application/cloudevents+json",
        id: String? = nil
    ) -> BasicProperties {
        var properties = BasicProperties()
        properties.contentType = contentType
        properties.messageID = id
        return properties
    }

    /// With all properties that are attributes.
    static func full(_ contentType: String) -> BasicProperties {
        var properties = BasicProperties.envelope(contentType, id: "property-id")
        properties.appID = "property-source"
        properties.type = "property-type"
        properties.correlationID = "property-correlation"
        return properties
    }
}
