/// The size limit of one event.
package enum BodyLimit {
    /// The most bytes of a message's body, and of its decompressed payload: 16 MiB, which is RabbitMQ 4's own default
    /// limit (`max_message_size`).
    package static let bytes = 16 << 20
}
