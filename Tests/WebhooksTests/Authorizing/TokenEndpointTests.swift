import EventLoops
import FoundationEssentials
import Manifests
import Testing

@testable import Webhooks

/// The request to an authorization server, and what becomes of its answer.
struct TokenEndpointTests {
    private func endpoint(_ client: OAuthClient) throws -> TokenEndpoint {
        let credentials = try WebhookManifest.test(authentication: .oauth2(client)).credentials()
        guard case .oauth2(let oauth) = credentials.authentication else {
            throw try #require(nil as (any Error)?, "there is no client")
        }
        return TokenEndpoint(oauth, timeout: .seconds(3))
    }

    private func body(_ client: OAuthClient) throws -> String {
        String(decoding: try self.endpoint(client).request(replyTo: Mailbox()).body, as: UTF8.self)
    }

    @Test func `the client shows its credentials in the header, and asks for its grant`() throws {
        let request = try self.endpoint(.test()).request(replyTo: Mailbox())
        #expect(request.id == TokenEndpoint.requestID)
        #expect(request.route.url.text == "https://login.example.com/token")
        #expect(request.route.timeout == .seconds(3))
        let pair = Data("warren:hush-client".utf8).base64EncodedString()
        #expect(
            Set(request.headers.lines) == [
                "Authorization: Basic \(pair)", "content-type: application/x-www-form-urlencoded",
                "accept: application/json",
            ]
        )
        #expect(String(decoding: request.body, as: UTF8.self) == "grant_type=client_credentials")
    }

    @Test(
        arguments: [
            (["hooks"], nil, "grant_type=client_credentials&scope=hooks"),
            (["read:all", "a&b=c"], nil, "grant_type=client_credentials&scope=read%3Aall+a%26b%3Dc"),
            (
                [], "https://crm.example.com/?x",
                "grant_type=client_credentials&audience=https%3A%2F%2Fcrm.example.com%2F%3Fx"
            ),
            (["a"], "é b+c", "grant_type=client_credentials&scope=a&audience=%C3%A9%20b%2Bc"),
        ] as [([String], String?, String)]
    )
    func `scopes and audience are encoded as forms are`(scopes: [String], audience: String?, body: String) throws {
        #expect(try self.body(.test(scopes: scopes, audience: audience)) == body)
    }

    /// RFC 6749, section 2.3.1: else a colon in the client's name would begin its secret.
    @Test func `the parts of the credentials are encoded before they are joined`() throws {
        var client = try OAuthClient.test()
        client.clientID = .literal("a:b")
        client.clientSecret = .literal("%é\n".replacing("\n", with: " "))
        let request = try self.endpoint(client).request(replyTo: Mailbox())
        let pair = Data("a%3Ab:%25%C3%A9%20".utf8).base64EncodedString()
        #expect(request.headers["Authorization"] == ["Basic \(pair)"])
    }

    @Test func `a token is read out of an answer`() throws {
        let body = #"{"access_token":"hush-token","token_type":"Bearer","expires_in":3600}"#
        let grant = try TokenEndpoint.grant(in: .test(.status(200), body))
        #expect(grant == TokenGrant(token: "hush-token", lifetime: .seconds(3600)))
        #expect(grant.token.text == "hush-token")
    }

    @Test(
        arguments: [
            (.status(200), "the token endpoint's answer holds no bearer token"),
            (.status(204), "the token endpoint's answer holds no bearer token"),
            (.status(302), "the token endpoint answered 302: look at 'clientID' and 'clientSecret'"),
            (.status(401), "the token endpoint answered 401: look at 'clientID' and 'clientSecret'"),
            (
                .failed(.dns, words: "it leads nowhere"),
                "the token endpoint gave no token: it leads nowhere (dns_error)"
            ),
        ] as [(HTTPAnswer.Result, String)]
    )
    func `an answer without one says what to look at, and nothing of itself`(
        result: HTTPAnswer.Result,
        reason: String
    ) {
        let answer = HTTPAnswer.test(result, #"{"error":"hush-client"}"#)
        #expect(throws: TokenEndpoint.Refusal(reason: reason)) { try TokenEndpoint.grant(in: answer) }
    }
}
