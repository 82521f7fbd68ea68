/// An object that must no longer exist on the broker. Removing an object that does not exist does nothing.
package enum Removal: Sendable, Equatable {
    /// The binding with exactly this source, routing key and destination.
    case binding(BindingDeclaration)
    /// The queue of this name, with its messages and its bindings; its consumers are interrupted. Quorum queues refuse
    /// "only if empty" and "only if unused" (up to RabbitMQ 4.3), so a caller that needs either inspects the queue
    /// first.
    case queue(String)
}
