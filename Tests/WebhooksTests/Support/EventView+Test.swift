import Invoking
import Messaging
import Webhooks

extension EventView {
    /// An event as an endpoint sees it whose message has these properties and headers, and nothing else.
    ///
    /// - Parameter originalKey: of a message that has come back from a delay.
    static func test(
        _ properties: BasicProperties = .test(),
        headers: [(String, String)] = [],
        key: String = "order.placed",
        originalKey: String? = nil,
        body: [UInt8]
    ) -> EventView {
        let table = FieldTable(headers.map { ($0.0, FieldValue.string($0.1)) })
        return self.test(properties, table: table, key: key, originalKey: originalKey, body: body)
    }

    static func test(
        _ properties: BasicProperties = .test(),
        table: FieldTable,
        key: String = "order.placed",
        originalKey: String? = nil,
        body: [UInt8] = Array("{}".utf8)
    ) -> EventView {
        let message = OutgoingMessage(
            exchange: "events",
            routingKey: key,
            properties: properties,
            headers: table,
            body: body[...]
        )
        return EventView(.test(message, originalKey: originalKey))
    }

    static func test(
        _ properties: BasicProperties = .test(),
        headers: [(String, String)] = [],
        key: String = "order.placed",
        originalKey: String? = nil,
        _ body: String = "{}"
    ) -> EventView {
        self.test(properties, headers: headers, key: key, originalKey: originalKey, body: Array(body.utf8))
    }

    static func test(_ body: String) -> EventView { self.test(.test(), body) }

    var text: String { String(decoding: self.payload, as: UTF8.self) }
}

extension BasicProperties {
    static func test(id: String? = "e-1", contentType: String? = nil) -> BasicProperties {
        var properties = BasicProperties()
        properties.messageID = id
        properties.contentType = contentType
        return properties
    }

    /// With all that an event can say in them; the rest stands in headers.
    static var full: BasicProperties {
        var properties = BasicProperties.test(contentType: "application/json; charset=utf-8")
        properties.type = "shop.order.placed"
        properties.appID = "/shop"
        properties.timestamp = 1_769_860_800
        properties.correlationID = "c-1"
        return properties
    }
}

extension [(String, String)] {
    static var full: Self {
        [
            ("cloudEvents_subject", "order 17"), ("cloudEvents_causationid", "e-0"), ("traceparent", "00-1-2-01"),
            ("tracestate", "a=b,c=d"),
        ]
    }
}
