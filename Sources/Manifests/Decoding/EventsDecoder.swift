import Messaging

/// Reads `events:`, which says what events a manifest receives.
struct EventsDecoder {
    let document: MappingReader

    /// - Returns: `nil` if a part is missing or wrong; every mistake has been reported.
    func decode() -> (exchange: String, keys: [RoutingPattern])? {
        guard self.document.requiredEntry("events", example: "{ keys: [order.placed] }") != nil,
            let events = self.document.mapping("events", allowed: ["exchange", "keys"])
        else { return nil }
        let exchange = events.text(events.entry("exchange")) { text throws(ManifestName.Problem) in
            try ManifestName.checkBrokerObject(text)
            return text
        }
        guard let entry = events.requiredEntry("keys", example: "[order.placed]"),
            let keys = self.patterns(entry, in: events)
        else { return nil }
        return (exchange ?? ConsumerManifest.defaultExchange, keys)
    }

    private func patterns(_ entry: YAMLEntry, in events: MappingReader) -> [RoutingPattern]? {
        let items: [YAMLValue]
        switch entry.value.content {
        case .refused:
            return nil
        case .scalar, .mapping:
            events.reportKind(
                of: entry.value,
                subject: "'keys'",
                expected: "a list of routing patterns",
                remedy: "put them in brackets, such as [order.placed]"
            )
            return nil
        case .sequence(let values):
            items = values
        }
        if items.isEmpty {
            self.document.problems.report(
                "'keys' is empty, so no event would ever arrive",
                at: entry.value.location,
                remedy: "name at least one routing pattern, such as order.placed"
            )
        }
        var patterns: [RoutingPattern] = []
        for item in items {
            guard let pattern = self.pattern(item, in: events) else { continue }
            if patterns.contains(pattern) {
                self.document.problems.report(
                    "the routing pattern \(pattern.description.quoted) is written twice",
                    at: item.location,
                    remedy: "keep one of them"
                )
            }
            patterns.append(pattern)
        }
        return patterns
    }

    private func pattern(_ item: YAMLValue, in events: MappingReader) -> RoutingPattern? {
        guard let text = events.text(of: item, subject: "a routing pattern") else { return nil }
        do throws(RoutingPattern.Problem) {
            return try RoutingPattern(text)
        } catch {
            self.document.problems.report(
                "\(error)",
                at: item.location,
                remedy: "write words joined by dots, '*' for exactly one word, '#' for any number of words"
            )
            return nil
        }
    }
}
