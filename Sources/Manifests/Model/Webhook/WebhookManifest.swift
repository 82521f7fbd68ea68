/// An HTTP endpoint to deliver events to: which events it gets, how they are signed and written, how many at a time and
/// how fast, and what happens when it fails. Decoded from one `kind: Webhook` document; every value has been checked.
///
/// The fields that functions have too can be read directly: `manifest.timeout` is `manifest.consumer.timeout`.
@dynamicMemberLookup
package struct WebhookManifest: Sendable, Equatable {
    /// How a body is written. Source: CloudEvents HTTP binding 1.0.2, section 3.
    package enum Format: String, Sendable, CaseIterable {
        /// The payload is the body, the attributes are `ce-` headers (section 3.1).
        case binary
        /// A JSON envelope holds attributes and payload (section 3.2).
        case structured
    }

    /// The longest `timeout`: receivers answer first and work afterwards (Standard Webhooks 1.0.0 asks for 15 to 30 s).
    package static let longestTimeout = Duration.seconds(300)
    package static let defaultTimeout = Duration.seconds(15)
    package static let defaultConcurrency = 8
    /// Ten attempts whose waits are 5 s, 25 s, 2 min, 10 min, 52 min, 4 h, 22 h, 24 h and 24 h: three days and three
    /// hours, and up to a fifth more by jitter. Source: the schedule of Standard Webhooks 1.0.0, which ends after
    /// 75 hours too.
    package static let defaultRetry = RetryPolicy(
        maxAttempts: 10,
        backoff: Backoff(initial: .seconds(5), multiplier: 5, max: .seconds(86_400), jitter: 0.2)
    )
    /// A webhook always has a breaker: an endpoint that is down must not use up the attempts of what waits for it.
    package static let defaultBreaker = BreakerPolicy()
    /// The statuses that `rejectOn` may list: answers which mean that this event will never be accepted.
    package static let allowedRejections = 400...499
    /// The status of an endpoint that is gone for good: it gets no more events. Source: RFC 9110, section 15.5.11.
    package static let gone = 410

    package var consumer: ConsumerManifest
    package var url: WebhookURL
    /// The secrets that sign every delivery, in this order; several while a receiver changes from one to the next.
    /// Without any, deliveries are not signed.
    package var secrets: [ValueSource]
    package var format: Format
    /// Builds the body in place of the payload.
    package var template: PayloadTemplate?
    /// Headers of every delivery, in addition to those that Warren writes.
    package var headers: [String: ValueSource]
    package var authentication: WebhookAuthentication?
    package var tls: TLSFiles
    /// Whether to offer HTTP/2 to an `https` endpoint; HTTP/1.1 is used if the endpoint does not support it.
    package var http2: Bool
    /// Response statuses that dead-letter the event at once.
    package var rejectOn: Set<Int>

    package init(
        consumer: ConsumerManifest,
        url: WebhookURL,
        secrets: [ValueSource] = [],
        format: Format = .binary,
        template: PayloadTemplate? = nil,
        headers: [String: ValueSource] = [:],
        authentication: WebhookAuthentication? = nil,
        tls: TLSFiles = TLSFiles(),
        http2: Bool = false,
        rejectOn: Set<Int> = []
    ) {
        self.consumer = consumer
        self.url = url
        self.secrets = secrets
        self.format = format
        self.template = template
        self.headers = headers
        self.authentication = authentication
        self.tls = tls
        self.http2 = http2
        self.rejectOn = rejectOn
    }

    package subscript<Value>(dynamicMember field: KeyPath<ConsumerManifest, Value>) -> Value {
        self.consumer[keyPath: field]
    }

    /// Every value that is fetched when the webhook starts, by the place in the manifest that asks for it.
    package var values: [String: ValueSource] {
        var values = Dictionary(uniqueKeysWithValues: self.headers.map { ("headers.\($0.key)", $0.value) })
        for (number, secret) in self.secrets.enumerated() { values[Self.secretPlace(number)] = secret }
        return values.merging(self.authentication?.values ?? [:]) { $1 }
    }

    static func secretPlace(_ number: Int) -> String { "secrets[\(number)]" }
}

/// PEM files that libcurl reads, as absolute paths.
package struct TLSFiles: Sendable, Hashable {
    /// The certificate authorities to trust instead of the system's.
    package var ca: String?
    /// The client's certificate, and its key.
    package var certificate: String?
    package var key: String?

    package init(ca: String? = nil, certificate: String? = nil, key: String? = nil) {
        self.ca = ca
        self.certificate = certificate
        self.key = key
    }

    package var paths: [String] { [self.ca, self.certificate, self.key].compactMap { $0 } }
}
