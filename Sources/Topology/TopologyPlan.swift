package import Manifests
package import Messaging

/// All objects that must exist on the broker for a set of manifests.
package struct TopologyPlan: Sendable, Equatable {
    /// The objects of one consumer.
    package struct Consumer: Sendable, Equatable {
        package let kind: ManifestKind
        /// That of its manifest.
        package let name: String
        /// `nil` when its manifest has no other consumer.
        package let partition: Int?
        package let queue: String
        package let declarations: [Declaration]
        /// Everything but the bindings by which events come into the consumer's queue: what a retry, a dead letter or
        /// an emitted event needs. Made once: every replacement of an event is published with it.
        package let declarationsWithoutEvents: [Declaration]

        /// Queues and exchanges, and the bindings of queues other than the consumer's own.
        package var declarationsWithoutBindings: [Declaration] {
            self.declarations.filter { declaration in
                guard case .binding(let binding) = declaration else { return true }
                return binding.destination != .queue(self.queue)
            }
        }

        /// The bindings of the consumer's own queue.
        package var bindings: [BindingDeclaration] {
            self.declarations.compactMap { declaration in
                guard case .binding(let binding) = declaration, binding.destination == .queue(self.queue) else {
                    return nil
                }
                return binding
            }
        }

        /// The bindings by which events come into the consumer's queue. The others bring retries.
        package var eventBindings: [BindingDeclaration] {
            self.bindings.filter { !self.declarationsWithoutEvents.contains(.binding($0)) }
        }
    }

    package let names: TopologyNames
    /// The objects that all consumers use: for dead letters, the end of a delay, parked and scheduled messages.
    package let shared: [Declaration]
    package let consumers: [Consumer]

    /// All declarations, in the order in which they can be made.
    package var declarations: [Declaration] { self.shared + self.consumers.flatMap(\.declarations) }
}

/// The plan as `warren plan` prints it: one object per line, in the order of declaration.
extension TopologyPlan: CustomStringConvertible {
    package var description: String {
        var lines = ["shared"] + self.shared.map { "  \($0.summary)" }
        for consumer in self.consumers {
            let label = ConsumerManifest.label(consumer.name, partition: consumer.partition)
            lines.append("\(consumer.kind.word) \(label)")
            lines.append(contentsOf: consumer.declarations.map { "  \($0.summary)" })
        }
        lines.append("when first needed")
        let lowest = self.names.delayLevel(0)
        let highest = self.names.delayLevel(DelayRoute.levels - 1)
        lines.append("  delay levels \(lowest) … \(highest): a topic exchange and a quorum queue each")
        return lines.joined(separator: "\n")
    }
}

extension Declaration {
    /// The declaration in one line, for people.
    package var summary: String {
        switch self {
        case .exchange(let exchange):
            "exchange \(exchange.name) (durable \(exchange.kind.rawValue)\(Self.list(exchange.arguments)))"
        case .queue(let queue):
            "queue \(queue.name) (durable\(Self.list(queue.arguments)))"
        case .binding(let binding):
            switch binding.destination {
            case .queue(let queue): "binding \(binding.source) --\(binding.routingKey)--> queue \(queue)"
            case .exchange(let exchange): "binding \(binding.source) --\(binding.routingKey)--> exchange \(exchange)"
            }
        }
    }

    private static func list(_ arguments: [DeclarationArgument]) -> String {
        arguments.map { argument in
            switch argument.value {
            case .text(let text): ", \(argument.name)=\(text)"
            case .number(let number): ", \(argument.name)=\(number)"
            case .flag(let flag): ", \(argument.name)=\(flag)"
            }
        }.joined()
    }
}
