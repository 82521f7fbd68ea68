internal import Messaging

/// The exchanges and bindings of an in-memory broker, and the routing through them. Pure.
///
/// Source: AMQP 0-9-1, section 3.1; https://www.rabbitmq.com/docs/e2e and https://www.rabbitmq.com/docs/ae
struct InMemoryExchanges {
    private struct Binding: Equatable {
        let declaration: BindingDeclaration
        /// `nil` for a key without wildcards, which matches only itself.
        let pattern: RoutingPattern?

        func matches(_ key: String, in kind: ExchangeDeclaration.Kind) -> Bool {
            switch kind {
            case .fanout: true
            case .direct: self.isLiterally(key)
            case .topic: self.pattern?.matches(key) ?? self.isLiterally(key)
            }
        }

        /// Compares bytes, as brokers do. Swift's `==` would treat canonically equivalent strings as equal.
        private func isLiterally(_ key: String) -> Bool { self.declaration.routingKey.utf8.elementsEqual(key.utf8) }
    }

    private struct Exchange {
        let declaration: ExchangeDeclaration
        var bindings: [Binding] = []
    }

    /// The exchanges that exist in every RabbitMQ from the start.
    private var exchanges: [String: Exchange] = [
        "amq.topic": Exchange(declaration: ExchangeDeclaration(name: "amq.topic", kind: .topic)),
        "amq.direct": Exchange(declaration: ExchangeDeclaration(name: "amq.direct", kind: .direct)),
        "amq.fanout": Exchange(declaration: ExchangeDeclaration(name: "amq.fanout", kind: .fanout)),
    ]

    /// The default exchange has no name.
    func contains(_ name: String) -> Bool { name.isEmpty || self.exchanges[name] != nil }

    mutating func declare(_ declaration: ExchangeDeclaration) throws(BrokerError) {
        let name = declaration.name
        if let existing = self.exchanges[name]?.declaration {
            guard existing.kind == declaration.kind, Set(existing.arguments) == Set(declaration.arguments) else {
                throw BrokerError(
                    .mismatch,
                    "exchange '\(name)' exists with another kind or other arguments; delete it or choose another name"
                )
            }
            return
        }
        guard !name.isEmpty, !name.hasPrefix("amq.") else {
            throw BrokerError(.accessRefused, "exchange name '\(name)' is the broker's own; choose another name")
        }
        self.exchanges[name] = Exchange(declaration: declaration)
    }

    mutating func bind(_ declaration: BindingDeclaration) throws(BrokerError) {
        guard !declaration.source.isEmpty else { throw Self.defaultExchange }
        guard let kind = self.exchanges[declaration.source]?.declaration.kind else {
            throw Self.missing(declaration.source)
        }
        if case .exchange(let name) = declaration.destination, self.exchanges[name] == nil { throw Self.missing(name) }
        let pattern = kind == .topic ? try Self.pattern(declaration.routingKey) : nil
        let binding = Binding(declaration: declaration, pattern: pattern)
        guard self.exchanges[declaration.source]?.bindings.contains(binding) == false else { return }
        self.exchanges[declaration.source]?.bindings.append(binding)
    }

    static func missing(_ exchange: String) -> BrokerError {
        BrokerError(.notFound, "there is no exchange '\(exchange)'; it must be declared first")
    }

    private static func pattern(_ key: String) throws(BrokerError) -> RoutingPattern? {
        let words = key.split(separator: ".", omittingEmptySubsequences: false)
        guard words.contains("*") || words.contains("#") else { return nil }
        do throws(RoutingPattern.Problem) {
            return try RoutingPattern(key)
        } catch {
            throw BrokerError(.protocolViolation, "the in-memory broker does not take '\(key)' as a pattern: \(error)")
        }
    }

    mutating func unbind(_ declaration: BindingDeclaration) throws(BrokerError) {
        guard !declaration.source.isEmpty else { throw Self.defaultExchange }
        self.exchanges[declaration.source]?.bindings.removeAll { $0.declaration == declaration }
    }

    private static let defaultExchange = BrokerError(
        .accessRefused,
        "the bindings of the default exchange cannot be changed; name another exchange"
    )

    /// Forgets the bindings of a deleted queue.
    mutating func unbind(queue: String) {
        for name in self.exchanges.keys {
            self.exchanges[name]?.bindings.removeAll { $0.declaration.destination == .queue(queue) }
        }
    }

    /// The names of the queues that a message goes to, each once.
    ///
    /// An alternate exchange gets the messages that match none of an exchange's own bindings. A bound exchange that
    /// then cannot route a message does not count as unmatched.
    func queues(for key: String, from exchange: String) -> [String] {
        guard !exchange.isEmpty else { return [key] }
        var queues: [String] = []
        var visited: Set<String> = [exchange]
        var next = [exchange]
        while let name = next.popLast() {
            guard let exchange = self.exchanges[name] else { continue }
            let bindings = exchange.bindings.filter { $0.matches(key, in: exchange.declaration.kind) }
            for binding in bindings {
                switch binding.declaration.destination {
                case .queue(let queue):
                    if !queues.contains(queue) { queues.append(queue) }
                case .exchange(let exchange):
                    if visited.insert(exchange).inserted { next.append(exchange) }
                }
            }
            if bindings.isEmpty, let alternate = exchange.declaration.arguments.text("alternate-exchange"),
                visited.insert(alternate).inserted
            {
                next.append(alternate)
            }
        }
        return queues
    }
}
