import Crypto
import FoundationEssentials
import Manifests

/// Generates webhook secrets from the system's random number generator.
package enum NewSecret {
    /// A `whsec_` secret of 32 bytes, which sender and receiver share.
    package static func symmetric() -> String {
        let key = SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }
        return WebhookSecret.symmetricPrefix + key.base64EncodedString()
    }

    /// An Ed25519 key pair: a `whsk_` for the sender and a `whpk_` for receivers.
    package static func pair() -> (private: String, public: String) {
        let key = Curve25519.Signing.PrivateKey()
        return (
            WebhookSecret.privatePrefix + key.rawRepresentation.base64EncodedString(),
            WebhookVerifier.publicPrefix + key.publicKey.rawRepresentation.base64EncodedString()
        )
    }
}
