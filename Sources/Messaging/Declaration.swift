/// An object that must exist on the broker. Declaring an object that exists already with the same properties does
/// nothing.
package enum Declaration: Sendable, Hashable {
    case exchange(ExchangeDeclaration)
    case queue(QueueDeclaration)
    case binding(BindingDeclaration)
}

/// A durable exchange.
package struct ExchangeDeclaration: Sendable, Hashable {
    package enum Kind: String, Sendable {
        case topic
        case direct
        case fanout
    }

    package let name: String
    package let kind: Kind
    package let arguments: [DeclarationArgument]

    package init(name: String, kind: Kind, arguments: [DeclarationArgument] = []) {
        self.name = name
        self.kind = kind
        self.arguments = arguments
    }
}

/// A durable queue, not exclusive, not deleted automatically.
package struct QueueDeclaration: Sendable, Hashable {
    package let name: String
    package let arguments: [DeclarationArgument]

    package init(name: String, arguments: [DeclarationArgument]) {
        self.name = name
        self.arguments = arguments
    }
}

/// A route from an exchange to a queue or to another exchange.
package struct BindingDeclaration: Sendable, Hashable {
    package enum Destination: Sendable, Hashable {
        case queue(String)
        case exchange(String)
    }

    package let source: String
    package let routingKey: String
    package let destination: Destination

    package init(source: String, routingKey: String, destination: Destination) {
        self.source = source
        self.routingKey = routingKey
        self.destination = destination
    }
}

/// An optional argument of a declaration, such as `x-queue-type`.
package struct DeclarationArgument: Sendable, Hashable {
    package enum Value: Sendable, Hashable {
        case text(String)
        case number(Int64)
        case flag(Bool)
    }

    package let name: String
    package let value: Value

    package init(_ name: String, _ value: Value) {
        self.name = name
        self.value = value
    }
}
