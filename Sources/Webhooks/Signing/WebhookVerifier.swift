import Crypto
import FoundationEssentials
import Manifests
import Messaging

/// Verifies a webhook request on the receiver's side: whether its sender has the secret, and whether the request is
/// recent.
///
/// Source: Standard Webhooks 1.0.0, "Verifying webhooks".
package struct WebhookVerifier: Sendable {
    /// The prefix of a public key.
    package static let publicPrefix = "whpk_"
    /// How far the timestamp may be from the current time in either direction, by default.
    package static let tolerance = Duration.seconds(300)

    /// Why a request is not trustworthy.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case missing(header: String)
        case timestamp
        case tooOld(seconds: Int64)
        case tooNew(seconds: Int64)
        case noMatch

        package var description: String {
            switch self {
            case .missing(let header): "the header \(header) is missing or empty"
            case .timestamp: "webhook-timestamp is not a number of seconds since 1970"
            case .tooOld(let seconds):
                "webhook-timestamp is \(Duration.seconds(seconds).words) ago: it may be a replay"
            case .tooNew(let seconds):
                "webhook-timestamp is \(Duration.seconds(seconds).words) in the future: compare the clocks"
            case .noMatch: "no signature matches: the secret is another one, or id, timestamp or body were changed"
            }
        }
    }

    /// Why a text is not a key to verify with. Never contains any part of the text.
    package struct KeyProblem: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    private enum Key: Sendable {
        case symmetric(SymmetricKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    private let keys: [Key]

    /// - Parameter texts: `whsec_`, `whpk_` or `whsk_` keys. A request is valid if one of them matches.
    package init(keys texts: [String]) throws(KeyProblem) {
        var keys: [Key] = []
        for text in texts { keys.append(try Self.key(text)) }
        self.keys = keys
    }

    private static func key(_ text: String) throws(KeyProblem) -> Key {
        if text.hasPrefix(self.publicPrefix) {
            guard let data = Data(base64Encoded: String(text.dropFirst(self.publicPrefix.count))),
                let key = try? Curve25519.Signing.PublicKey(rawRepresentation: data)
            else { throw KeyProblem(description: "what follows 'whpk_' is not the base64 of 32 bytes") }
            return .ed25519(key)
        }
        do throws(WebhookSecret.Problem) {
            let secret = try WebhookSecret(text)
            switch secret.kind {
            case .symmetric: return .symmetric(SymmetricKey(data: secret.key))
            case .ed25519:
                guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: secret.key) else {
                    throw WebhookSecret.Problem.privateSize(secret.key.count)
                }
                return .ed25519(key.publicKey)
            }
        } catch {
            switch error {
            case .prefix: throw KeyProblem(description: "the key begins with none of 'whsec_', 'whpk_' and 'whsk_'")
            default: throw KeyProblem(description: "\(error)")
            }
        }
    }

    /// - Parameters:
    ///   - now: the current time in seconds since 1970.
    ///   - tolerance: how far the timestamp may be from `now`; `nil` accepts any timestamp.
    package func verify(
        id: String?,
        timestamp: String?,
        signature: String?,
        body: ArraySlice<UInt8>,
        now: Int64,
        tolerance: Duration? = Self.tolerance
    ) throws(Problem) {
        guard let id, !id.isEmpty else { throw .missing(header: WebhookSigner.idHeader) }
        guard let timestamp, !timestamp.isEmpty else { throw .missing(header: WebhookSigner.timestampHeader) }
        guard let signature, !signature.isEmpty else { throw .missing(header: WebhookSigner.signatureHeader) }
        guard let seconds = Int64(timestamp) else { throw .timestamp }
        if let tolerance {
            let (age, isOverflown) = now.subtractingReportingOverflow(seconds)
            // The difference overflows only if somebody is probing.
            guard !isOverflown else { throw .timestamp }
            guard age <= tolerance.components.seconds else { throw .tooOld(seconds: age) }
            guard -age <= tolerance.components.seconds else { throw .tooNew(seconds: -age) }
        }
        let content = SignedContent.bytes(id: id, timestamp: timestamp, body: body)
        let isGenuine = signature.split(separator: " ").contains { self.matches($0, content) }
        guard isGenuine else { throw .noMatch }
    }

    /// Swift Crypto compares in constant time, so the time tells nothing about where a signature differs.
    private func matches(_ signature: Substring, _ content: [UInt8]) -> Bool {
        let parts = signature.split(separator: ",", maxSplits: 1)
        guard parts.count == 2, let code = Data(base64Encoded: String(parts[1])) else { return false }
        return self.keys.contains { key in
            switch (key, parts[0]) {
            case (.symmetric(let key), "v1"):
                HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: content, using: key)
            case (.ed25519(let key), "v1a"): key.isValidSignature(code, for: content)
            default: false
            }
        }
    }
}
