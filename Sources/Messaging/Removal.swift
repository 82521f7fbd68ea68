/// Something that must no longer exist on the broker. Removing what does not exist does nothing.
package enum Removal: Sendable, Equatable {
    /// The route with exactly this source, routing key and destination.
    case binding(BindingDeclaration)
    /// The queue of this name, with its messages and its bindings; its consumers are interrupted. Quorum queues
    /// refuse "only if empty" and "only if unused" (up to RabbitMQ 4.3): whoever wants that inspects the queue first.
    case queue(String)
}
