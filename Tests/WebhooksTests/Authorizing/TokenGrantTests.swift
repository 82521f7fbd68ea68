import Testing

@testable import Webhooks

/// The body of a token endpoint's answer. Source: RFC 6749, section 5.1.
struct TokenGrantTests {
    @Test(
        arguments: [
            (#"{"access_token":"abc","token_type":"Bearer","expires_in":3600}"#, "abc", .seconds(3600)),
            (#"{"access_token":"abc","token_type":"bearer","expires_in":3600.5}"#, "abc", .milliseconds(3_600_500)),
            (#"{"access_token":"abc","token_type":"BEARER"}"#, "abc", nil),
            (#"{"access_token":"a.b-c_d~e+f/g=","scope":"hooks","refresh_token":"x"}"#, "a.b-c_d~e+f/g=", nil),
            (#"{"access_token":"abc","expires_in":0}"#, "abc", .zero),
            // Some servers write the number as a text.
            (#"{"access_token":"abc","expires_in":"3600"}"#, "abc", .seconds(3600)),
            (#"{"access_token":"abc","expires_in":"0"}"#, "abc", .zero),
            // Nonsense is no lifetime.
            (#"{"access_token":"abc","expires_in":""}"#, "abc", nil),
            (#"{"access_token":"abc","expires_in":"soon"}"#, "abc", nil),
            (#"{"access_token":"abc","expires_in":"-1"}"#, "abc", nil),
            (#"{"access_token":"abc","expires_in":"nan"}"#, "abc", nil),
            (#"{"access_token":"abc","expires_in":"inf"}"#, "abc", nil),
            (#"{"access_token":"abc","expires_in":[3600]}"#, "abc", nil),
            (#"{"access_token":"abc","expires_in":-1}"#, "abc", nil),
            (#"{"access_token":"abc","expires_in":1e30}"#, "abc", nil),
            (#"{"access_token":"abc","expires_in":null,"token_type":null}"#, "abc", nil),
            ("{\n \"access_token\" : \"\\u0061bc\" }", "abc", nil),
        ] as [(String, String, Duration?)]
    )
    func `a bearer token is read`(body: String, token: String, lifetime: Duration?) {
        #expect(TokenGrant(Array(body.utf8)) == TokenGrant(token: AccessToken(token), lifetime: lifetime))
    }

    @Test(arguments: [
        "", "{}", "null", "[]", "abc", #"{"access_token":""}"#, #"{"access_token":1}"#, #"{"access_token":null}"#,
        #"{"error":"invalid_client"}"#, #"{"access_token":"abc","token_type":"mac"}"#, #"{"access_token":"abc"}x"#,
        #"{"access_token":"abc""#,
        // A header could not carry it, or it would be two.
        #"{"access_token":"a b"}"#, #"{"access_token":"a\r\nX-Evil: 1"}"#, #"{"access_token":"a\u0000"}"#,
        #"{"access_token":"ü"}"#, #"{"access_token":"a\u007f"}"#,
    ])
    func `what holds no bearer token that a header can carry is refused`(body: String) {
        #expect(TokenGrant(Array(body.utf8)) == nil)
    }

    @Test func `bytes that are not UTF-8 hold none`() {
        #expect(TokenGrant(Array(#"{"access_token":""#.utf8) + [0xff] + Array(#""}"#.utf8)) == nil)
    }
}
