/// How a webhook shows who it is, beside its signature.
package enum WebhookAuthentication: Sendable, Equatable {
    /// `Authorization: Bearer …`. Source: RFC 6750, section 2.1.
    case bearer(ValueSource)
    /// `Authorization: Basic …`. Source: RFC 7617.
    case basic(user: ValueSource, password: ValueSource)
    /// A header of the endpoint's choice.
    case apiKey(header: String, value: ValueSource)
    /// A bearer token that is fetched with the client's own credentials, kept as long as it lives, and fetched anew when
    /// the endpoint answers 401. Source: RFC 6749, section 4.4.
    case oauth2(OAuthClient)

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

/// The client credentials grant of OAuth 2.
package struct OAuthClient: Sendable, Equatable {
    package var tokenURL: WebhookURL
    package var clientID: ValueSource
    package var clientSecret: ValueSource
    package var scopes: [String]
    /// Sent as `audience` where the authorization server wants it.
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
