internal import Messaging

/// Names that no other test uses, for the objects of one test.
struct Names {
    private let suffix = String(UInt64.random(in: 0 ... .max), radix: 36)

    func callAsFunction(_ name: String) -> String { "\(name)-\(self.suffix)" }
}

extension Declaration {
    static func exchange(
        _ name: String,
        _ kind: ExchangeDeclaration.Kind = .topic,
        _ arguments: [DeclarationArgument] = []
    ) -> Declaration {
        .exchange(ExchangeDeclaration(name: name, kind: kind, arguments: arguments))
    }

    /// A quorum queue.
    static func queue(_ name: String, _ arguments: [DeclarationArgument] = []) -> Declaration {
        .queue(
            QueueDeclaration(name: name, arguments: [DeclarationArgument("x-queue-type", .text("quorum"))] + arguments)
        )
    }

    static func bind(_ queue: String, to exchange: String, _ key: String) -> Declaration {
        .binding(BindingDeclaration(source: exchange, routingKey: key, destination: .queue(queue)))
    }

    static func bind(exchange: String, to source: String, _ key: String) -> Declaration {
        .binding(BindingDeclaration(source: source, routingKey: key, destination: .exchange(exchange)))
    }
}

extension Removal {
    static func bind(_ queue: String, to exchange: String, _ key: String) -> Removal {
        .binding(BindingDeclaration(source: exchange, routingKey: key, destination: .queue(queue)))
    }

    static func bind(exchange: String, to source: String, _ key: String) -> Removal {
        .binding(BindingDeclaration(source: source, routingKey: key, destination: .exchange(exchange)))
    }
}

extension [DeclarationArgument] {
    /// One consumer at a time gets deliveries.
    static var singleActiveConsumer: [DeclarationArgument] {
        [DeclarationArgument("x-single-active-consumer", .flag(true))]
    }

    /// As Warren's queues dead-letter: to this exchange with this key, never losing a message on the way.
    static func deadLettering(to exchange: String, key: String? = nil) -> [DeclarationArgument] {
        let always = [
            DeclarationArgument("x-dead-letter-exchange", .text(exchange)),
            DeclarationArgument("x-dead-letter-strategy", .text("at-least-once")),
            DeclarationArgument("x-overflow", .text("reject-publish")),
        ]
        return always + (key.map { [DeclarationArgument("x-dead-letter-routing-key", .text($0))] } ?? [])
    }
}

extension OutgoingMessage {
    /// To a queue by its name, or to an exchange by a key.
    static func to(_ key: String, of exchange: String = "", id: String? = nil, body: [UInt8] = []) -> OutgoingMessage {
        var properties = BasicProperties()
        properties.messageID = id
        return OutgoingMessage(
            exchange: exchange,
            routingKey: key,
            properties: properties,
            headers: FieldTable(),
            body: body[...]
        )
    }
}

extension Delivery {
    var messageID: String? { self.layout.properties(in: self.bytes).messageID }

    /// The entries of a dead letter's `x-death` header, the last death first.
    var deaths: [[String: FieldValue]] {
        guard case .array(let values)? = self.headers["x-death"] else { return [] }
        return values.map { value in
            if case .table(let table) = value { table } else { [:] }
        }
    }
}

extension [Delivery] {
    var messageIDs: [String] { self.map { $0.messageID ?? "" } }
}
