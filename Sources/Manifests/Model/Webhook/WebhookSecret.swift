import FoundationEssentials

/// A key that signs deliveries.
///
/// Source: Standard Webhooks 1.0.0, "Signature scheme": `whsec_` or `whsk_`, followed by the key in base64.
package struct WebhookSecret: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// `whsec_`: sender and receivers share the key. Signs as `v1`, HMAC-SHA256.
        case symmetric
        /// `whsk_`: the private key of a pair; receivers have the public one. Signs as `v1a`, Ed25519.
        case ed25519
    }

    package static let symmetricPrefix = "whsec_"
    package static let privatePrefix = "whsk_"
    /// The allowed sizes of a symmetric key, in bytes.
    package static let allowedSizes = 24...64

    /// Why a text is not a secret. Never shows any part of it.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case prefix
        case base64
        case size(Int)
        case privateSize(Int)

        package var description: String {
            switch self {
            case .prefix: "the secret begins with neither 'whsec_' nor 'whsk_'"
            case .base64: "what follows the secret's prefix is not base64"
            case .size(let size): "the secret has \(size) bytes, and 24 to 64 are allowed"
            case .privateSize(let size): "the private key has \(size) bytes, and an Ed25519 key has 32"
            }
        }

        package var remedy: String { "make a new one with 'warren webhook secret'" }
    }

    package let kind: Kind
    /// The key's bytes; for an Ed25519 key its seed.
    package let key: [UInt8]

    package init(_ text: String) throws(Problem) {
        let kind: Kind = text.hasPrefix(Self.privatePrefix) ? .ed25519 : .symmetric
        let prefix = kind == .ed25519 ? Self.privatePrefix : Self.symmetricPrefix
        guard text.hasPrefix(prefix) else { throw .prefix }
        guard let data = Data(base64Encoded: String(text.dropFirst(prefix.count))) else { throw .base64 }
        self.kind = kind
        switch kind {
        case .symmetric:
            guard Self.allowedSizes.contains(data.count) else { throw .size(data.count) }
            self.key = [UInt8](data)
        case .ed25519:
            // Some libraries append the public key to the seed.
            guard data.count == 32 || data.count == 64 else { throw .privateSize(data.count) }
            self.key = [UInt8](data.prefix(32))
        }
    }
}

extension WebhookSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "a secret" }
    package var debugDescription: String { self.description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
