import FoundationEssentials

/// The secrets of one webhook as the host has fetched them. Printing the value shows none of them.
package struct WebhookCredentials: Sendable, Equatable {
    package enum Authentication: Sendable, Equatable {
        case bearer(token: String)
        case basic(user: String, password: String)
        case apiKey(header: String, value: String)
        case oauth2(OAuthCredentials)
    }

    package struct OAuthCredentials: Sendable, Equatable {
        package let tokenURL: WebhookURL
        package let clientID: String
        package let clientSecret: String
        package let scopes: [String]
        package let audience: String?
    }

    /// Why a fetched value cannot be used; names the place in the manifest that asks for it, never the value.
    package struct Problem: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package let secrets: [WebhookSecret]
    /// Sorted by name.
    package let headers: [(name: String, value: String)]
    package let authentication: Authentication?
    /// Every text that must never be shown, for example when an answer repeats the request.
    package let confidential: [String]

    /// - Parameter values: the resolved `WebhookManifest.values`, by the same places.
    package init(_ manifest: WebhookManifest, values: [String: String]) throws(Problem) {
        func value(_ place: String) throws(Problem) -> String {
            guard let value = values[place] else { throw Problem(description: "\(place) has no value") }
            do throws(HTTPField.Problem) {
                try HTTPField.checkValue(value)
            } catch {
                throw Problem(description: "the value of \(place) cannot be used: \(error); \(error.remedy)")
            }
            return value
        }
        func user(_ user: String) throws(Problem) -> String {
            do throws(BasicUser.Problem) {
                try BasicUser.check(user)
                return user
            } catch {
                throw Problem(description: "the value of auth.basic.user cannot be used: \(error); \(error.remedy)")
            }
        }
        var secrets: [WebhookSecret] = []
        for number in manifest.secrets.indices {
            let place = WebhookManifest.secretPlace(number)
            do throws(WebhookSecret.Problem) {
                secrets.append(try WebhookSecret(values[place] ?? ""))
            } catch {
                throw Problem(description: "\(place): \(error); \(error.remedy)")
            }
        }
        var headers: [(name: String, value: String)] = []
        for name in manifest.headers.keys.sorted() { headers.append((name, try value("headers.\(name)"))) }
        let authentication: Authentication? =
            switch manifest.authentication {
            case nil: nil
            case .bearer: .bearer(token: try value("auth.bearer"))
            case .basic:
                .basic(user: try user(value("auth.basic.user")), password: try value("auth.basic.password"))
            case .apiKey(let header, _): .apiKey(header: header, value: try value("auth.apiKey.value"))
            case .oauth2(let client):
                .oauth2(
                    OAuthCredentials(
                        tokenURL: client.tokenURL,
                        clientID: try value("auth.oauth2.clientID"),
                        clientSecret: try value("auth.oauth2.clientSecret"),
                        scopes: client.scopes,
                        audience: client.audience
                    )
                )
            }
        self.secrets = secrets
        self.headers = headers
        self.authentication = authentication
        // The secrets in the forms in which they are sent.
        var encoded = manifest.url.queryTexts
        if case .basic(let user, let password)? = authentication {
            encoded.append(Data("\(user):\(password)".utf8).base64EncodedString())
        }
        self.confidential =
            encoded
            + values.compactMap { place, value in
                // A header's value that is written in the manifest is not considered a secret.
                if case .literal? = manifest.values[place], place.hasPrefix("headers.") { nil } else { value }
            }
    }

    package static func == (one: Self, other: Self) -> Bool {
        one.secrets == other.secrets && one.authentication == other.authentication
            && one.headers.elementsEqual(other.headers) { $0 == $1 }
    }
}

extension WebhookCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "the credentials of a webhook" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
