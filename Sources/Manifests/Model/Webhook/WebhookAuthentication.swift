/// How a webhook authenticates itself at its endpoint, beside its signature.
package enum WebhookAuthentication: Sendable, Equatable {
    /// `Authorization: Bearer …`. Source: RFC 6750, section 2.1.
    case bearer(ValueSource)
    /// `Authorization: Basic …`. Source: RFC 7617.
    case basic(user: ValueSource, password: ValueSource)
    /// A header that the endpoint has chosen.
    case apiKey(header: String, value: ValueSource)
    /// A bearer token that is fetched with the client's own credentials, kept until it expires, and fetched again when
    /// the endpoint answers 401. Source: RFC 6749, section 4.4.
    case oauth2(OAuthClient)

    /// The name of the header that it writes.
    var header: String {
        switch self {
        case .bearer, .basic, .oauth2: "Authorization"
        case .apiKey(let header, _): header
        }
    }

    var values: [String: ValueSource] {
        switch self {
        case .bearer(let token): ["auth.bearer": token]
        case .basic(let user, let password): ["auth.basic.user": user, "auth.basic.password": password]
        case .apiKey(_, let value): ["auth.apiKey.value": value]
        case .oauth2(let client):
            ["auth.oauth2.clientID": client.clientID, "auth.oauth2.clientSecret": client.clientSecret]
        }
    }
}

/// The user of Basic authentication.
enum BasicUser {
    enum Problem: Error, Equatable, CustomStringConvertible {
        case colon

        var description: String { "the user contains a colon, after which its receiver reads the password" }
        var remedy: String { "choose a user without ':' (RFC 7617, section 2)" }
    }

    static func check(_ user: String) throws(Problem) {
        if user.utf8.contains(UInt8(ascii: ":")) { throw .colon }
    }
}

/// The address of an authorization server. The client's secret is sent there, so the address must be encrypted or on
/// this machine.
///
/// Source: RFC 6749, section 3.2.
enum TokenURL {
    enum Problem: Error, Equatable, CustomStringConvertible {
        case address(WebhookURL.Problem)
        case unencrypted

        var description: String {
            switch self {
            case .address(let problem): "\(problem)"
            case .unencrypted: "the client's secret would be sent unencrypted: the address begins with http://"
            }
        }

        var remedy: String {
            switch self {
            case .address(let problem): problem.remedy
            case .unencrypted: "write https://; only an address of this machine, such as 127.0.0.1, may have http://"
            }
        }
    }

    static func parse(_ text: String) throws(Problem) -> WebhookURL {
        let url: WebhookURL
        do throws(WebhookURL.Problem) {
            url = try WebhookURL(text)
        } catch {
            throw .address(error)
        }
        guard url.scheme == .https || url.isLoopback else { throw .unencrypted }
        return url
    }
}

/// The client credentials grant of OAuth 2.
package struct OAuthClient: Sendable, Equatable {
    package var tokenURL: WebhookURL
    package var clientID: ValueSource
    package var clientSecret: ValueSource
    package var scopes: [String]
    /// Sent as `audience`, for authorization servers that require it.
    package var audience: String?

    package init(
        tokenURL: WebhookURL,
        clientID: ValueSource,
        clientSecret: ValueSource,
        scopes: [String] = [],
        audience: String? = nil
    ) {
        self.tokenURL = tokenURL
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.scopes = scopes
        self.audience = audience
    }
}
