import Testing

@testable import Webhooks

struct AccessTokenTests {
    @Test func `a token is seen in nothing that is printed`() {
        let token: AccessToken = "hush-token"
        var state = DispatchState(pacing: nil, usesTokens: true)
        let now = ContinuousClock.now
        _ = state.handle(.invoked(1, effort: 0), at: now)
        _ = state.handle(.flush, at: now)
        let grant = TokenGrant(token: token, lifetime: nil)
        let actions = state.handle(.tokenGranted(grant), at: now)
        #expect(actions == [.send([1], token)])
        var dumped = ""
        dump((token, state, actions, grant), to: &dumped)
        for text in ["\(token)", "\(state)", "\(actions)", "\(grant)", String(reflecting: state), dumped] {
            #expect(!text.contains("hush"), "\(text)")
        }
        #expect("\(state)".contains("[redacted]"))
    }
}
