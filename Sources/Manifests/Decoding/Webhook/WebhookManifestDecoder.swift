/// Decodes a `WebhookManifest` from a document of `kind: Webhook`.
struct WebhookManifestDecoder {
    static let keys = [
        "apiVersion", "kind", "name", "url", "events", "queue", "secret", "secrets", "format", "template", "headers",
        "auth", "tls", "http2", "concurrency", "rate", "ordered", "timeout", "retry", "rejectOn", "breaker", "onRemove",
    ]

    private let document: MappingReader
    private let problems: ProblemCollector

    /// - Returns: `nil` if a required field is wrong; every mistake has been reported.
    static func decode(_ value: YAMLValue, problems: ProblemCollector) -> WebhookManifest? {
        guard let document = MappingReader(value, subject: "a Webhook", allowed: Self.keys, problems: problems)
        else { return nil }
        return Self(document: document, problems: problems).decode()
    }

    private func decode() -> WebhookManifest? {
        let parts = ConsumerDecoder(document: self.document)
        let name = parts.name(example: "crm")
        let url = self.document.text(self.document.requiredEntry("url", example: "https://example.com/hooks")) {
            text throws(WebhookURL.Problem) in
            try WebhookURL(text)
        }
        let events = EventsDecoder(document: self.document).decode()
        let queue = parts.queue()
        let timeout = parts.timeout(
            atMost: WebhookManifest.longestTimeout,
            because: "a receiver answers first and works afterwards",
            default: WebhookManifest.defaultTimeout
        )
        let intake = IntakeDecoder(document: self.document, timeout: timeout)
            .decode(concurrency: WebhookManifest.defaultConcurrency)
        let rate = self.document.text(self.document.entry("rate")) { text throws(DeliveryRate.Problem) in
            try DeliveryRate(text)
        }
        let retry = RetryDecoder(document: self.document, standard: WebhookManifest.defaultRetry).decode()
        let breaker = SafeguardDecoder(document: self.document).breaker() ?? WebhookManifest.defaultBreaker
        let onRemove = self.document.choice("onRemove", default: RemovalPolicy.keep)
        let credentials = CredentialsDecoder(document: self.document)
        let (secrets, headers, authentication) = (
            credentials.secrets(), credentials.headers(), credentials.authentication()
        )
        let tls = TLSDecoder(document: self.document).decode(isEncrypted: url.map { $0.scheme == .https } ?? true)
        let (format, template) = self.body()
        let http2 = self.document.boolean("http2", default: false)
        let rejectOn = self.rejections()
        guard let name, let url, let events else { return nil }
        return WebhookManifest(
            consumer: ConsumerManifest(
                kind: .webhook,
                name: name,
                exchange: events.exchange,
                keys: events.keys,
                queue: queue,
                concurrency: intake.concurrency,
                rate: rate,
                ordered: intake.ordered,
                timeout: timeout,
                retry: retry,
                breaker: breaker,
                onRemove: onRemove,
                locations: parts.locations(target: "url")
            ),
            url: url,
            secrets: secrets,
            format: format,
            template: template,
            headers: headers,
            authentication: authentication,
            tls: tls,
            http2: http2,
            rejectOn: rejectOn
        )
    }

    private func body() -> (WebhookManifest.Format, PayloadTemplate?) {
        let format = self.document.choice("format", default: WebhookManifest.Format.binary)
        let template = self.document.text(self.document.entry("template")) { text throws(PayloadTemplate.Problem) in
            try PayloadTemplate(text)
        }
        if format == .structured, let entry = self.document.entry("template") {
            self.problems.report(
                "'template' does not go with 'format: structured': both say what the body is",
                at: entry.value.location,
                remedy: "remove one of them"
            )
        }
        return (format, template)
    }

    private func rejections() -> Set<Int> {
        guard let entry = self.document.entry("rejectOn") else { return [] }
        let bounds = WebhookManifest.allowedRejections
        let expected = "a list of statuses from \(bounds.lowerBound) to \(bounds.upperBound)"
        guard case .sequence(let items) = entry.value.content else {
            if case .refused = entry.value.content { return [] }
            self.document.reportKind(
                of: entry.value,
                subject: "'rejectOn'",
                expected: expected,
                remedy: "put them in brackets, such as [400, 422]"
            )
            return []
        }
        var statuses: Set<Int> = []
        for item in items {
            guard case .scalar(let scalar) = item.content, scalar.kind == .number, let status = Int(scalar.text),
                scalar.text == "\(status)",
                bounds.contains(status), status != WebhookManifest.gone
            else {
                if case .refused = item.content { continue }
                self.problems.report(
                    "'rejectOn' must be \(expected) other than 410, which pauses the webhook",
                    at: item.location,
                    remedy: "write numbers such as [400, 422]"
                )
                continue
            }
            statuses.insert(status)
        }
        return statuses
    }
}

extension WebhookURL.Problem: FieldProblem {}
extension DeliveryRate.Problem: FieldProblem {}
extension PayloadTemplate.Problem: FieldProblem {}
