import Testing

@testable import Webhooks

/// When a token is fetched, used and given up. Times are counted from `start`.
struct TokenCacheTests {
    private static let start = ContinuousClock.now

    private func at(_ seconds: Double) -> ContinuousClock.Instant { Self.start + .seconds(seconds) }

    /// A cache that has just fetched a token.
    private func cache(lifetime: Duration?) -> TokenCache {
        var cache = TokenCache()
        #expect(cache.need(at: Self.start) == .fetch)
        cache.fetched(TokenGrant(token: "t-1", lifetime: lifetime), at: Self.start)
        return cache
    }

    @Test func `the first need fetches, and all others wait for that`() {
        var cache = TokenCache()
        #expect(cache.need(at: self.at(0)) == .fetch)
        for second in [0.0, 1, 3600] { #expect(cache.need(at: self.at(second)) == .wait) }
    }

    @Test(
        arguments: [
            (.seconds(3600), 3570), (nil, 270), (.seconds(61), 31), (.seconds(60), 30), (.seconds(59), 29.5),
            (.seconds(30), 15), (.seconds(10), 5),
            // However short it is said to live, it is used for a second.
            (.seconds(3), 1.5), (.seconds(2), 1), (.seconds(1), 1), (.milliseconds(500), 1), (.zero, 1),
        ] as [(Duration?, Double)]
    )
    func `a token is used until shortly before its end, then another is fetched once`(lifetime: Duration?, end: Double)
    {
        var cache = self.cache(lifetime: lifetime)
        #expect(cache.need(at: self.at(0)) == .use("t-1"))
        #expect(cache.need(at: self.at(end - 0.001)) == .use("t-1"))
        #expect(cache.need(at: self.at(end)) == .fetch)
        #expect(cache.need(at: self.at(end)) == .wait)
        cache.fetched(TokenGrant(token: "t-2", lifetime: .seconds(3600)), at: self.at(end))
        #expect(cache.need(at: self.at(end + 1)) == .use("t-2"))
    }

    /// Whoever has fetched it asks again at once: it would fetch for ever, and deliver nothing.
    @Test func `a token that is said to have no life is not fetched over and over`() {
        var cache = self.cache(lifetime: .zero)
        #expect(cache.need(at: Self.start) != .fetch)
    }

    @Test func `a failed fetch is not repeated for a second`() {
        var cache = TokenCache()
        #expect(cache.need(at: self.at(0)) == .fetch)
        cache.failed("it was refused", at: self.at(5))
        #expect(cache.need(at: self.at(5)) == .fail(reason: "it was refused"))
        #expect(cache.need(at: self.at(5.999)) == .fail(reason: "it was refused"))
        #expect(cache.need(at: self.at(6)) == .fetch)
        #expect(cache.need(at: self.at(6)) == .wait)
        cache.failed("again", at: self.at(7))
        #expect(cache.need(at: self.at(7)) == .fail(reason: "again"))
        cache.fetched(TokenGrant(token: "t-1", lifetime: nil), at: self.at(8))
        #expect(cache.need(at: self.at(8)) == .use("t-1"))
    }

    @Test func `a token that the endpoint refuses is fetched anew`() {
        var cache = self.cache(lifetime: .seconds(3600))
        cache.refused("t-1")
        #expect(cache.need(at: self.at(1)) == .fetch)
        #expect(cache.need(at: self.at(1)) == .wait)
    }

    /// Several deliveries had the old one under way.
    @Test func `a refusal of an older token leaves the newer one alone`() {
        var cache = self.cache(lifetime: .seconds(3600))
        cache.refused("t-0")
        #expect(cache.need(at: self.at(1)) == .use("t-1"))
        cache.refused("t-1")
        #expect(cache.need(at: self.at(1)) == .fetch)
        cache.refused("t-1")
        #expect(cache.need(at: self.at(1)) == .wait)
        cache.fetched(TokenGrant(token: "t-2", lifetime: nil), at: self.at(2))
        cache.refused("t-1")
        #expect(cache.need(at: self.at(2)) == .use("t-2"))
    }

    @Test func `a refusal cuts no pause short`() {
        var cache = TokenCache()
        #expect(cache.need(at: self.at(0)) == .fetch)
        cache.failed("no", at: self.at(0))
        cache.refused("t-1")
        #expect(cache.need(at: self.at(0.5)) == .fail(reason: "no"))
    }
}
