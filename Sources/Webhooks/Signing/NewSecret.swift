import Crypto
import FoundationEssentials
import Manifests

/// Makes secrets from the system's source of randomness.
package enum NewSecret {
    /// A `whsec_` of 32 bytes, for both sides.
    package static func symmetric() -> String {
        let key = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
        return WebhookSecret.symmetricPrefix + key.base64EncodedString()
    }

    /// An Ed25519 pair: `whsk_` for the sender, `whpk_` for receivers.
    package static func pair() -> (private: String, public: String) {
        let key = Curve25519.Signing.PrivateKey()
        return (
            WebhookSecret.privatePrefix + key.rawRepresentation.base64EncodedString(),
            WebhookVerifier.publicPrefix + key.publicKey.rawRepresentation.base64EncodedString()
        )
    }
}
