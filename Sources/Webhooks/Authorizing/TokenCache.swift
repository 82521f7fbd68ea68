/// Caches the access token of a webhook that uses OAuth 2. The token is fetched when it is first needed, kept until
/// shortly before it expires, and fetched again after the endpoint has refused it. A value without a clock and without
/// I/O.
///
/// Source: RFC 6749, sections 4.4 and 5.1.
struct TokenCache: Equatable {
    /// A token that expires sooner than this is not used any more: it could expire on its way.
    static let margin = Duration.seconds(30)
    /// The lifetime of a token whose grant has no `expires_in`.
    static let assumedLifetime = Duration.seconds(300)
    /// The minimum time for which a token is used, however short its lifetime, so that tokens are not fetched
    /// continuously.
    static let shortestUse = Duration.seconds(1)
    /// How long a failed fetch is not repeated, so that a burst of events asks only once.
    static let pauseAfterFailure = Duration.seconds(1)

    enum Need: Equatable {
        case use(AccessToken)
        /// Fetch a token, then call `fetched` or `failed`.
        case fetch
        /// A token is being fetched.
        case wait
        /// The last fetch failed, and it is too early to try again.
        case fail(reason: String)
    }

    private enum State: Equatable {
        case none
        case fetching
        case valid(token: AccessToken, until: ContinuousClock.Instant)
        case failed(reason: String, until: ContinuousClock.Instant)
    }

    private var state = State.none

    mutating func need(at now: ContinuousClock.Instant) -> Need {
        switch self.state {
        case .fetching: return .wait
        case .valid(let token, let until) where now < until: return .use(token)
        case .failed(let reason, let until) where now < until: return .fail(reason: reason)
        case .none, .valid, .failed:
            self.state = .fetching
            return .fetch
        }
    }

    mutating func fetched(_ grant: TokenGrant, at now: ContinuousClock.Instant) {
        let lifetime = grant.lifetime ?? Self.assumedLifetime
        // A token that lives less than twice the margin is used for half of its lifetime.
        self.state = .valid(
            token: grant.token,
            until: now + max(lifetime - Self.margin, lifetime / 2, Self.shortestUse)
        )
    }

    mutating func failed(_ reason: String, at now: ContinuousClock.Instant) {
        self.state = .failed(reason: reason, until: now + Self.pauseAfterFailure)
    }

    /// The endpoint refused this token.
    mutating func refused(_ token: AccessToken) {
        if case .valid(token, _) = self.state { self.state = .none }
    }
}
