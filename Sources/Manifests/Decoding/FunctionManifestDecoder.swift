/// Makes a `FunctionManifest` of a document of `kind: Function`.
struct FunctionManifestDecoder {
    static let keys = [
        "apiVersion", "kind", "name", "handler", "events", "queue", "concurrency", "workers", "ordered", "batch",
        "timeout", "timeoutGrace", "retry", "limits", "recycle", "breaker", "onRemove", "env",
    ]

    /// Why the time for one invocation is bounded.
    private static let consumerTimeout =
        "the broker takes an event back that is not settled within its consumer timeout of 30 minutes"

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
        let events = EventsDecoder(document: self.document).decode()
        let queue = self.document.text(self.document.entry("queue")) { text throws(ManifestName.Problem) in
            try ManifestName.checkBrokerObject(text, maximum: ManifestName.maximumQueueLength)
            return text
        }
        let timeout = self.document.duration(
            "timeout",
            atMost: FunctionManifest.longestTimeout,
            because: Self.consumerTimeout,
            default: .seconds(30)
        )
        let timeoutGrace = self.document.duration(
            "timeoutGrace",
            atMost: FunctionManifest.longestTimeoutGrace,
            because: Self.consumerTimeout,
            default: .seconds(2)
        )
        let intake = IntakeDecoder(document: self.document, timeout: timeout).decode()
        let retry = RetryDecoder(document: self.document).decode()
        let safeguards = SafeguardDecoder(document: self.document)
        let limits = safeguards.limits()
        let recycle = safeguards.recycle()
        let breaker = safeguards.breaker()
        let onRemove = self.document.choice("onRemove", default: RemovalPolicy.keep)
        let env = EnvironmentDecoder(problems: self.problems).decode(self.document.entry("env"))
        guard let name, let handler, let events else { return nil }
        return FunctionManifest(
            name: name,
            handler: handler,
            exchange: events.exchange,
            keys: events.keys,
            queue: queue,
            concurrency: intake.concurrency,
            workers: intake.workers,
            timeout: timeout,
            timeoutGrace: timeoutGrace,
            retry: retry,
            limits: limits,
            recycle: recycle,
            breaker: breaker,
            ordered: intake.ordered,
            batch: intake.batch,
            onRemove: onRemove,
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
}
