/// The access token of a webhook that uses OAuth 2: fetched when it is first needed, kept until shortly before it ends,
/// fetched anew when the endpoint has refused it. A value without a clock and without I/O.
///
/// Source: RFC 6749, sections 4.4 and 5.1.
struct TokenCache: Equatable {
    /// A token that ends sooner is not used any more: it would end on its way.
    static let margin = Duration.seconds(30)
    /// What a token without `expires_in` is worth.
    static let assumedLifetime = Duration.seconds(300)
    /// However short a token is said to live: fetching is not to go round and round.
    static let shortestUse = Duration.seconds(1)
    /// Failed fetches are not repeated for this long, so that a burst of events asks once.
    static let pauseAfterFailure = Duration.seconds(1)

    enum Need: Equatable {
        case use(AccessToken)
        /// Fetch one, and call `fetched` or `failed`.
        case fetch
        /// One is being fetched.
        case wait
        /// There is none, and it is too early to ask again.
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
        // A token that lives shorter than the margin is used for half of its life.
        self.state = .valid(
            token: grant.token,
            until: now + max(lifetime - Self.margin, lifetime / 2, Self.shortestUse)
        )
    }

    mutating func failed(_ reason: String, at now: ContinuousClock.Instant) {
        self.state = .failed(reason: reason, until: now + Self.pauseAfterFailure)
    }

    /// The endpoint does not take this token.
    mutating func refused(_ token: AccessToken) {
        if case .valid(token, _) = self.state { self.state = .none }
    }
}
