import FoundationEssentials

/// An access token and its lifetime, as an authorization server grants them.
struct TokenGrant: Sendable, Equatable {
    let token: AccessToken
    let lifetime: Duration?

    private struct Body: Decodable {
        let accessToken: String
        let tokenType: String?
        let expiresIn: Double?

        private enum CodingKeys: String, CodingKey {
            case accessToken = "access_token"
            case tokenType = "token_type"
            case expiresIn = "expires_in"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            self.accessToken = try container.decode(String.self, forKey: .accessToken)
            self.tokenType = try container.decodeIfPresent(String.self, forKey: .tokenType)
            // Some servers send the number as a string.
            let text = try? container.decode(String.self, forKey: .expiresIn)
            self.expiresIn = (try? container.decode(Double.self, forKey: .expiresIn)) ?? text.flatMap { Double($0) }
        }
    }

    /// Reads the body of a successful answer; `nil` if it contains no bearer token that a header can carry.
    init?(_ body: [UInt8]) {
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(body)),
            (body.tokenType ?? "bearer").lowercased() == "bearer", !body.accessToken.isEmpty,
            body.accessToken.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        else { return nil }
        self.token = AccessToken(body.accessToken)
        self.lifetime = body.expiresIn.flatMap { $0 >= 0 && $0 < 1e9 ? .seconds($0) : nil }
    }

    init(token: AccessToken, lifetime: Duration?) {
        self.token = token
        self.lifetime = lifetime
    }
}
