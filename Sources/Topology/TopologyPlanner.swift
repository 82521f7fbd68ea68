package import Manifests
package import Messaging

/// Derives the topology from manifests. It has no side effects: the same manifests give the same plan.
///
/// Queue arguments hold only what can never change, because a queue cannot be declared again with other arguments (AMQP
/// 0-9-1, queue.declare: precondition-failed). Settings that a manifest can change are never queue arguments, with one
/// exception: the broker accepts `ordered` in no other way.
package enum TopologyPlanner {
    package static func plan(_ manifests: [ConsumerManifest], namespace: String) -> TopologyPlan {
        let names = TopologyNames(namespace: namespace)
        return TopologyPlan(
            names: names,
            shared: self.shared(names),
            consumers: manifests.map { self.consumer($0, names) }
        )
    }

    /// The objects that all functions, webhooks and `warren publish --delay` use.
    package static func shared(_ names: TopologyNames) -> [Declaration] {
        [
            .exchange(ExchangeDeclaration(name: names.parked, kind: .fanout)),
            .queue(self.retainingQueue(names.parked)),
            .binding(BindingDeclaration(source: names.parked, routingKey: "", destination: .queue(names.parked))),
            .exchange(ExchangeDeclaration(name: names.deadLetterExchange, kind: .direct)),
            .exchange(
                ExchangeDeclaration(
                    name: names.delayDone,
                    kind: .topic,
                    // A message for a queue that is gone would be tried forever and hold up all others of its level;
                    // the alternate exchange takes it (https://www.rabbitmq.com/docs/ae).
                    arguments: [DeclarationArgument("alternate-exchange", .text(names.parked))]
                )
            ),
            .queue(self.scheduledQueue(names)),
            self.delayEnd(names, queue: names.scheduled),
        ]
    }

    /// The objects of one consumer.
    package static func consumer(_ manifest: ConsumerManifest, _ names: TopologyNames) -> TopologyPlan.Consumer {
        let queue = manifest.queueName(namespace: names.namespace)
        var declarations = self.deadLetters(of: queue, names)
        declarations += [
            .queue(self.consumerQueue(queue, ordered: manifest.ordered, names)),
            self.delayEnd(names, queue: queue),
            .exchange(ExchangeDeclaration(name: manifest.exchange, kind: .topic)),
        ]
        let withoutEvents = declarations
        for key in manifest.keys {
            declarations.append(
                .binding(
                    BindingDeclaration(
                        source: manifest.exchange,
                        routingKey: key.description,
                        destination: .queue(queue)
                    )
                )
            )
        }
        return TopologyPlan.Consumer(
            kind: manifest.kind,
            name: manifest.name,
            partition: manifest.partition,
            queue: queue,
            declarations: declarations,
            declarationsWithoutEvents: withoutEvents
        )
    }

    private static func deadLetters(of queue: String, _ names: TopologyNames) -> [Declaration] {
        let deadLetters = names.deadLetterQueue(of: queue)
        return [
            .queue(self.retainingQueue(deadLetters)),
            .binding(
                BindingDeclaration(
                    source: names.deadLetterExchange,
                    routingKey: queue,
                    destination: .queue(deadLetters)
                )
            ),
        ]
    }

    /// All objects that a failed event passes on its way back to its queue, or to the dead letters: the shared ones,
    /// the delay levels, and the ends of both ways at each queue. The queues themselves, and the bindings by which
    /// events reach them, are not included.
    ///
    /// - Parameter highestLevel: the highest delay level in use; -1 when there is none.
    package static func waysBack(to queues: [String], highestLevel: Int, _ names: TopologyNames) -> [Declaration] {
        self.shared(names)
            + (highestLevel < 0 ? [] : self.delayLevels(upTo: highestLevel, names))
            + queues.flatMap { self.deadLetters(of: $0, names) + [self.delayEnd(names, queue: $0)] }
    }

    private static func consumerQueue(
        _ name: String,
        ordered: Bool,
        _ names: TopologyNames
    ) -> QueueDeclaration {
        var arguments = [
            // Replicated and confirmed by a majority (https://www.rabbitmq.com/docs/quorum-queues).
            DeclarationArgument("x-queue-type", .text("quorum")),
            DeclarationArgument("x-dead-letter-exchange", .text(names.deadLetterExchange)),
            DeclarationArgument("x-dead-letter-routing-key", .text(name)),
            // Messages that the broker itself dead-letters are confirmed before they leave the queue. This strategy
            // works only together with reject-publish (https://www.rabbitmq.com/docs/quorum-queues#dead-lettering).
            DeclarationArgument("x-dead-letter-strategy", .text("at-least-once")),
            DeclarationArgument("x-overflow", .text("reject-publish")),
            // Warren counts attempts itself. From 4.0 on the broker's own default is 20, and up to 4.2 every requeue
            // and every lost connection counts, so this limit is only a last resort.
            DeclarationArgument("x-delivery-limit", .number(10_000)),
        ]
        if ordered {
            // Among the consumers of all hosts the broker delivers to one, until that one is gone
            // (https://www.rabbitmq.com/docs/consumers#single-active-consumer). No policy can turn this on.
            arguments.append(DeclarationArgument("x-single-active-consumer", .flag(true)))
        }
        return QueueDeclaration(name: name, arguments: arguments)
    }

    /// A queue that keeps messages until somebody removes them. Without a limit of its own it would have 4.0's default,
    /// and drop messages that were looked at 20 times.
    private static func retainingQueue(_ name: String) -> QueueDeclaration {
        QueueDeclaration(
            name: name,
            arguments: [
                DeclarationArgument("x-queue-type", .text("quorum")),
                DeclarationArgument("x-delivery-limit", .number(1_000_000_000)),
            ]
        )
    }

    /// The queue of scheduled messages. The host refuses a message that it cannot publish when it is due, because it is
    /// too large or does not name its destination, and the broker moves it to the parked queue.
    private static func scheduledQueue(_ names: TopologyNames) -> QueueDeclaration {
        QueueDeclaration(
            name: names.scheduled,
            arguments: self.retainingQueue(names.scheduled).arguments + [
                DeclarationArgument("x-dead-letter-exchange", .text(names.parked)),
                DeclarationArgument("x-dead-letter-strategy", .text("at-least-once")),
                DeclarationArgument("x-overflow", .text("reject-publish")),
            ]
        )
    }

    private static func delayEnd(_ names: TopologyNames, queue: String) -> Declaration {
        .binding(
            BindingDeclaration(
                source: names.delayDone,
                routingKey: DelayRoute.pattern(for: queue),
                destination: .queue(queue)
            )
        )
    }

    /// The delay levels from 0 up to the given one. Lower levels come first, because a higher level dead-letters into
    /// the one below.
    package static func delayLevels(upTo highest: Int, _ names: TopologyNames) -> [Declaration] {
        (0...min(highest, DelayRoute.levels - 1)).flatMap { level -> [Declaration] in
            let name = names.delayLevel(level)
            let next = level == 0 ? names.delayDone : names.delayLevel(level - 1)
            return [
                .exchange(ExchangeDeclaration(name: name, kind: .topic)),
                .queue(
                    QueueDeclaration(
                        name: name,
                        arguments: [
                            DeclarationArgument("x-queue-type", .text("quorum")),
                            DeclarationArgument("x-message-ttl", .number(100 << Int64(level))),
                            // The routing key is kept: it carries the other digits and the destination.
                            DeclarationArgument("x-dead-letter-exchange", .text(next)),
                            DeclarationArgument("x-dead-letter-strategy", .text("at-least-once")),
                            DeclarationArgument("x-overflow", .text("reject-publish")),
                        ]
                    )
                ),
                .binding(
                    BindingDeclaration(
                        source: name,
                        routingKey: DelayRoute.pattern(level: level, digit: "1"),
                        destination: .queue(name)
                    )
                ),
                .binding(
                    BindingDeclaration(
                        source: name,
                        routingKey: DelayRoute.pattern(level: level, digit: "0"),
                        destination: .exchange(next)
                    )
                ),
            ]
        }
    }
}
