import Messaging

/// Makes a `FunctionManifest` of a document of `kind: Function`.
struct FunctionManifestDecoder {
    static let keys = [
        "apiVersion", "kind", "name", "handler", "events", "queue", "concurrency", "workers", "timeout", "retry", "env",
    ]

    private let document: MappingReader
    private let problems: ProblemCollector

    /// - Returns: nothing if a required field is wrong; everything that is has been reported.
    static func decode(_ value: YAMLValue, problems: ProblemCollector) -> FunctionManifest? {
        guard let document = MappingReader(value, subject: "a Function", allowed: Self.keys, problems: problems)
        else { return nil }
        return Self(document: document, problems: problems).decode()
    }

    private func decode() -> FunctionManifest? {
        let name = self.document.text(self.document.requiredEntry("name", example: "reserve-stock")) {
            text throws(ManifestName.Problem) in
            try ManifestName.check(text)
            return text
        }
        let handler = self.document.text(self.document.requiredEntry("handler", example: "orders/reserve-stock")) {
            text throws(ManifestName.Problem) in
            try HandlerReference(text)
        }
        let events = self.events()
        let queue = self.document.text(self.document.entry("queue")) { text throws(ManifestName.Problem) in
            try ManifestName.checkBrokerObject(text, maximum: ManifestName.maximumQueueLength)
            return text
        }
        let concurrency = self.document.integer(
            "concurrency",
            in: FunctionManifest.allowedConcurrency,
            default: 16
        )
        let workers = self.document.integer("workers", in: FunctionManifest.allowedWorkers, default: 1)
        let timeout = self.document.duration(
            "timeout",
            atMost: FunctionManifest.longestTimeout,
            because: "the broker takes an event back that is not settled within its consumer timeout of 30 minutes",
            default: .seconds(30)
        )
        let retry = self.retry()
        let env = EnvironmentDecoder(problems: self.problems).decode(self.document.entry("env"))
        guard let name, let handler, let events else { return nil }
        return FunctionManifest(
            name: name,
            handler: handler,
            exchange: events.exchange,
            keys: events.keys,
            queue: queue,
            concurrency: concurrency,
            workers: workers,
            timeout: timeout,
            retry: retry,
            env: env,
            locations: self.locations()
        )
    }

    private func locations() -> FunctionManifest.Locations {
        let source = self.document.location
        let name = self.document.entry("name")?.value.location ?? source
        let events = self.document.entry("events")
        var exchange = events?.value.location ?? source
        if case .mapping(let entries) = events?.value.content,
            let entry = entries.first(where: { $0.key == "exchange" })
        {
            exchange = entry.value.location
        }
        return FunctionManifest.Locations(
            source: source,
            name: name,
            handler: self.document.entry("handler")?.value.location ?? source,
            exchange: exchange,
            queue: self.document.entry("queue")?.value.location ?? name
        )
    }

    // MARK: - Nested parts

    private func events() -> (exchange: String, keys: [RoutingPattern])? {
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
        return (exchange ?? FunctionManifest.defaultExchange, keys)
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
            self.problems.report(
                "'keys' is empty, so no event would ever arrive",
                at: entry.value.location,
                remedy: "name at least one routing pattern, such as order.placed"
            )
        }
        var patterns: [RoutingPattern] = []
        for item in items {
            guard let pattern = self.pattern(item, in: events) else { continue }
            if patterns.contains(pattern) {
                self.problems.report(
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
            self.problems.report(
                "\(error)",
                at: item.location,
                remedy: "write words joined by dots, '*' for exactly one word, '#' for any number of words"
            )
            return nil
        }
    }

    private func retry() -> RetryPolicy {
        let standard = RetryPolicy()
        guard let retry = self.document.mapping("retry", allowed: ["maxAttempts", "backoff", "maxDeferrals"])
        else { return standard }
        return RetryPolicy(
            maxAttempts: retry.integer(
                "maxAttempts",
                in: RetryPolicy.allowedAttempts,
                default: standard.maxAttempts
            ),
            backoff: self.backoff(in: retry, standard: standard.backoff),
            maxDeferrals: retry.integer(
                "maxDeferrals",
                in: RetryPolicy.allowedDeferrals,
                default: standard.maxDeferrals
            )
        )
    }

    private func backoff(in retry: MappingReader, standard: Backoff) -> Backoff {
        guard let reader = retry.mapping("backoff", allowed: ["initial", "multiplier", "max", "jitter"])
        else { return standard }
        let reason = "longer delays do not fit the broker's delay queues"
        let backoff = Backoff(
            initial: reader.duration("initial", atMost: Backoff.longest, because: reason, default: standard.initial),
            multiplier: reader.decimal("multiplier", in: Backoff.allowedMultiplier, default: standard.multiplier),
            max: reader.duration("max", atMost: Backoff.longest, because: reason, default: standard.max),
            jitter: reader.decimal("jitter", in: Backoff.allowedJitter, default: standard.jitter)
        )
        if backoff.initial > backoff.max {
            let place = (reader.entry("initial") ?? reader.entry("max"))?.value.location ?? reader.location
            let (initial, max) = (ManifestDuration.format(backoff.initial), ManifestDuration.format(backoff.max))
            self.problems.report(
                "'initial' (\(initial)) is longer than 'max' (\(max))",
                at: place,
                remedy: "raise 'max' or lower 'initial'"
            )
        }
        return backoff
    }
}
