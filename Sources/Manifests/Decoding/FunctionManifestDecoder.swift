/// Decodes a `FunctionManifest` from a document of `kind: Function`.
struct FunctionManifestDecoder {
    static let keys = [
        "apiVersion", "kind", "name", "handler", "events", "queue", "concurrency", "workers", "ordered", "batch",
        "timeout", "timeoutGrace", "retry", "limits", "recycle", "breaker", "onRemove", "user",
        "env",
    ]

    private let document: MappingReader
    private let problems: ProblemCollector

    /// - Returns: `nil` if a required field is wrong; every mistake has been reported.
    static func decode(_ value: YAMLValue, problems: ProblemCollector) -> FunctionManifest? {
        guard let document = MappingReader(value, subject: "a Function", allowed: Self.keys, problems: problems)
        else { return nil }
        return Self(document: document, problems: problems).decode()
    }

    private func decode() -> FunctionManifest? {
        let parts = ConsumerDecoder(document: self.document)
        let name = parts.name(example: "reserve-stock")
        let handler = self.document.text(self.document.requiredEntry("handler", example: "orders/reserve-stock")) {
            text throws(ManifestName.Problem) in
            try HandlerReference(text)
        }
        let events = EventsDecoder(document: self.document).decode()
        let queue = parts.queue()
        let timeout = parts.timeout(atMost: ConsumerManifest.longestTimeout, default: .seconds(30))
        let timeoutGrace = self.document.duration(
            "timeoutGrace",
            atMost: FunctionManifest.longestTimeoutGrace,
            because: ConsumerDecoder.consumerTimeout,
            default: .seconds(2)
        )
        let intake = IntakeDecoder(document: self.document, timeout: timeout).decode()
        let retry = RetryDecoder(document: self.document).decode()
        let safeguards = SafeguardDecoder(document: self.document)
        let limits = safeguards.limits()
        let recycle = safeguards.recycle()
        let breaker = safeguards.breaker()
        let onRemove = self.document.choice("onRemove", default: RemovalPolicy.keep)
        let user = self.document.text(self.document.entry("user")) { text throws(UserName.Problem) in
            try UserName.check(text)
        }
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
            user: user,
            env: env,
            locations: parts.locations(target: "handler")
        )
    }
}
