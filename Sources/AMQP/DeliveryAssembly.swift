import CRabbitMQ
import Messaging

/// Puts a delivery together from its method, header and body frames, copying each part once.
struct DeliveryAssembly {
    /// In bytes. A larger body is not kept.
    let bodyLimit: UInt64

    private var tag: UInt64 = 0
    private var isRedelivered = false
    private var exchange = ""
    private var routingKey: [UInt8] = []
    private var propertiesCount = 0
    private var bytes: [UInt8] = []
    private var remaining: UInt64 = 0
    private var omittedSize: UInt64?
    private var expectsHeader = false
    private var expectsBody = false

    init(bodyLimit: UInt64) { self.bodyLimit = bodyLimit }

    mutating func begin(_ deliver: amqp_basic_deliver_t) {
        self.tag = deliver.delivery_tag
        self.isRedelivered = deliver.redelivered != 0
        // Nearly all deliveries of a queue come from one exchange, so its name is created once.
        if !deliver.exchange.buffer.elementsEqual(self.exchange.utf8) { self.exchange = deliver.exchange.text }
        self.routingKey.removeAll(keepingCapacity: true)
        self.routingKey.append(contentsOf: deliver.routing_key.buffer)
        self.expectsHeader = true
    }

    /// Takes the header frame. Returns true when the message is complete because it has no body.
    mutating func header(_ frame: inout amqp_frame_t) -> Bool {
        guard self.expectsHeader else { return false }
        self.expectsHeader = false
        let properties = frame.payload.properties.raw.buffer
        let size = frame.payload.properties.body_size
        self.omittedSize = size > self.bodyLimit ? size : nil
        self.bytes = []
        self.bytes.reserveCapacity(
            self.routingKey.count + properties.count + (self.omittedSize == nil ? Int(size) : 0)
        )
        self.bytes.append(contentsOf: self.routingKey)
        self.bytes.append(contentsOf: properties)
        self.propertiesCount = properties.count
        self.remaining = size
        self.expectsBody = size > 0
        return size == 0
    }

    /// Takes a body frame. Returns true when the message is complete.
    mutating func body(_ frame: inout amqp_frame_t) -> Bool {
        guard self.expectsBody else { return false }
        let fragment = frame.payload.body_fragment.buffer
        if self.omittedSize == nil { self.bytes.append(contentsOf: fragment) }
        self.remaining -= min(self.remaining, UInt64(fragment.count))
        self.expectsBody = self.remaining > 0
        return self.remaining == 0
    }

    /// The complete delivery.
    mutating func finish(generation: UInt32) -> Delivery {
        defer { self.bytes = [] }
        return Delivery(
            tag: DeliveryTag(generation: generation, value: self.tag),
            exchange: self.exchange,
            isRedelivered: self.isRedelivered,
            bytes: self.bytes,
            routingKeyCount: self.routingKey.count,
            propertiesCount: self.propertiesCount,
            omittedBodySize: self.omittedSize
        )
    }
}
