package import Manifests

/// Where requests go and how they get there: the settings that all requests of a webhook share, so that transfers are
/// set up once and reused. Compared by identity.
package final class HTTPRoute: Sendable {
    package let url: WebhookURL
    package let tls: TLSFiles
    package let offersHTTP2: Bool
    /// The time limit for the whole request: name resolution, connection and answer. See "Time limits" in the article
    /// "Retries, delays and dead letters".
    package let timeout: Duration
    /// The time limit for resolving the name and connecting.
    private static let connectTimeout = Duration.seconds(5)

    package init(url: WebhookURL, tls: TLSFiles = TLSFiles(), offersHTTP2: Bool = false, timeout: Duration) {
        self.url = url
        self.tls = tls
        self.offersHTTP2 = offersHTTP2
        self.timeout = timeout
        let isLocal = url.host == "localhost" || url.host.hasSuffix(".localhost")
        self.name = isLocal || IPAddress(url.host) != nil ? nil : url.host
    }

    /// The host name to resolve; `nil` for an IP address, and for `localhost`, which libcurl resolves itself (RFC 6761,
    /// section 6.3).
    let name: String?

    var connectTimeout: Duration { min(Self.connectTimeout, self.timeout) }
}
