package import Manifests

/// Where requests go and how they get there: what is the same for all requests of a webhook, so that transfers are set
/// up once and used again. Compared by identity.
package final class HTTPRoute: Sendable {
    package let url: WebhookURL
    package let tls: TLSFiles
    package let offersHTTP2: Bool
    /// For the whole request.
    package let timeout: Duration
    /// How long a connection may take to be made.
    private static let connectTimeout = Duration.seconds(5)

    package init(url: WebhookURL, tls: TLSFiles = TLSFiles(), offersHTTP2: Bool = false, timeout: Duration) {
        self.url = url
        self.tls = tls
        self.offersHTTP2 = offersHTTP2
        self.timeout = timeout
        let isLocal = url.host == "localhost" || url.host.hasSuffix(".localhost")
        self.name = isLocal || IPAddress(url.host) != nil ? nil : url.host
    }

    /// The name whose addresses have to be looked up; nil for an address, and for this machine's own name, which
    /// libcurl knows without asking (RFC 6761, section 6.3).
    let name: String?

    var connectTimeout: Duration { min(Self.connectTimeout, self.timeout) }
}
