import EventLoops
import FoundationEssentials
import Manifests

/// The token endpoint of an authorization server, for one webhook's client: makes the request for an access token, and
/// reads the grant from the answer.
///
/// The client's credentials go into the `Authorization` header (RFC 6749, section 2.3.1).
struct TokenEndpoint: Sendable {
    /// The id of token requests. No invocation has this id.
    static let requestID = UInt64.max
    private static let longestGrant = 64 << 10

    let route: HTTPRoute
    private let headers: HeaderBlock
    private let body: [UInt8]

    init(_ credentials: WebhookCredentials.OAuthCredentials, timeout: Duration) {
        self.route = HTTPRoute(url: credentials.tokenURL, timeout: timeout)
        let pair = "\(Self.form(credentials.clientID)):\(Self.form(credentials.clientSecret))"
        var headers = HeaderBlock()
        headers.add("Authorization", "Basic \(Data(pair.utf8).base64EncodedString())")
        headers.add("content-type", "application/x-www-form-urlencoded")
        headers.add("accept", "application/json")
        self.headers = headers
        var fields = ["grant_type=client_credentials"]
        if !credentials.scopes.isEmpty {
            fields.append("scope=\(credentials.scopes.map(Self.form).joined(separator: "+"))")
        }
        if let audience = credentials.audience { fields.append("audience=\(Self.form(audience))") }
        self.body = Array(fields.joined(separator: "&").utf8)
    }

    func request(replyTo mailbox: Mailbox<[ClientReport]>) -> HTTPRequest {
        HTTPRequest(
            id: Self.requestID,
            route: self.route,
            headers: self.headers,
            body: self.body[...],
            excerptLimit: Self.longestGrant,
            replyTo: mailbox
        )
    }

    /// Why an answer grants no token, in words for people and without secrets.
    struct Refusal: Error, Equatable {
        let reason: String
    }

    static func grant(in answer: HTTPAnswer) throws(Refusal) -> TokenGrant {
        switch answer.result {
        case .status(200...299):
            guard let grant = TokenGrant(answer.excerpt) else {
                throw Refusal(reason: "the token endpoint's answer holds no bearer token")
            }
            return grant
        case .status(let status):
            throw Refusal(reason: "the token endpoint answered \(status): look at 'clientID' and 'clientSecret'")
        case .failed(let problem, let words):
            throw Refusal(reason: "the token endpoint gave no token: \(words) (\(problem.rawValue))")
        }
    }

    /// Source: WHATWG URL standard, section 5.2 (application/x-www-form-urlencoded), which RFC 6749 asks for.
    private static func form(_ text: String) -> String {
        var output = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "*"):
                output.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                output += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        return output
    }
}
