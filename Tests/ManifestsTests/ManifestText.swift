import Manifests

/// Texts for the tests: a good manifest, and variations of it.
enum ManifestText {
    static let file = "manifests/test.yaml"

    /// The smallest good manifest, with more lines at its end.
    static func function(name: String = "reserve-stock", adding lines: String = "") -> String {
        """
        apiVersion: warren/v1
        kind: Function
        name: \(name)
        handler: orders/reserve-stock
        events: { keys: [order.placed] }
        \(lines)

        """
    }

    /// The smallest good webhook, of five lines too.
    static func webhook(name: String = "crm", adding lines: String = "") -> String {
        """
        apiVersion: warren/v1
        kind: Webhook
        name: \(name)
        url: https://example.com/hooks
        events: { keys: [order.placed] }
        \(lines)

        """
    }

    static func problems(_ text: String) -> [String] {
        ManifestLoader.parse(text: text, file: Self.file).problems.map(\.description)
    }

    static func functions(_ text: String) -> [FunctionManifest] {
        ManifestLoader.parse(text: text, file: Self.file).manifests.compactMap { manifest in
            if case .function(let function) = manifest { function } else { nil }
        }
    }

    static func webhooks(_ text: String) -> [WebhookManifest] {
        ManifestLoader.parse(text: text, file: Self.file).manifests.compactMap { manifest in
            if case .webhook(let webhook) = manifest { webhook } else { nil }
        }
    }
}
