/// The bound on what one event may carry.
package enum LargestBody {
    /// Bytes of a message's body, and of the payload in it after its compression is undone: 16 MiB, the most that
    /// RabbitMQ 4 takes unless it is told otherwise (`max_message_size`).
    package static let bytes = 16 << 20
}
