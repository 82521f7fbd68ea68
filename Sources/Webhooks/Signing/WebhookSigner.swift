import Crypto
import FoundationEssentials
package import Manifests

/// Signs deliveries according to Standard Webhooks 1.0.0: signs `id.timestamp.body` once with each secret, and puts all
/// signatures in one header.
package struct WebhookSigner: Sendable {
    /// The header names of the specification.
    package static let idHeader = "webhook-id"
    package static let timestampHeader = "webhook-timestamp"
    package static let signatureHeader = "webhook-signature"

    private enum Key: Sendable {
        /// An HMAC that has already processed the key, so that this work is done once.
        case symmetric(HMAC<SHA256>)
        case ed25519(Curve25519.Signing.PrivateKey)
    }

    private let keys: [Key]

    package init(_ secrets: [WebhookSecret]) {
        self.keys = secrets.compactMap { secret in
            switch secret.kind {
            case .symmetric: .symmetric(HMAC(key: SymmetricKey(data: secret.key)))
            // Any 32 bytes are a valid key, and `WebhookSecret` accepts only 32 bytes here.
            case .ed25519: (try? Curve25519.Signing.PrivateKey(rawRepresentation: secret.key)).map(Key.ed25519)
            }
        }
    }

    /// The value of `webhook-signature`; `nil` if there is no secret.
    ///
    /// - Parameters:
    ///   - id: as it stands in `webhook-id`.
    ///   - timestamp: the time of this attempt, in seconds since 1970.
    package func signature(id: String, timestamp: Int64, body: ArraySlice<UInt8>) throws -> String? {
        guard !self.keys.isEmpty else { return nil }
        let content = SignedContent.bytes(id: id, timestamp: "\(timestamp)", body: body)
        var value = ""
        for key in self.keys {
            if !value.isEmpty { value += " " }
            switch key {
            case .symmetric(var code):
                code.update(data: content)
                value += "v1,"
                value += Data(code.finalize()).base64EncodedString()
            case .ed25519(let key):
                value += "v1a,"
                value += try key.signature(for: content).base64EncodedString()
            }
        }
        return value
    }
}

/// The bytes that a signature covers.
enum SignedContent {
    static func bytes(id: String, timestamp: String, body: ArraySlice<UInt8>) -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(id.utf8.count + timestamp.utf8.count + body.count + 2)
        content.append(contentsOf: id.utf8)
        content.append(UInt8(ascii: "."))
        content.append(contentsOf: timestamp.utf8)
        content.append(UInt8(ascii: "."))
        content.append(contentsOf: body)
        return content
    }
}
