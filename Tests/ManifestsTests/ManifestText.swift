import Manifests
import Testing

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

    /// Checks that a webhook is refused at its place, in these words, and that no problem shows what stands for a
    /// secret: `hush`, or `aHVzaA==` in base64.
    static func expectRefused(
        _ text: String,
        _ place: String,
        _ message: String,
        _ location: Testing.SourceLocation = #_sourceLocation
    ) {
        let problems = self.problems(text)
        #expect(self.webhooks(text).isEmpty, sourceLocation: location)
        #expect(
            problems.contains { $0.hasPrefix("\(self.file):\(place): error: ") && $0.contains(message) },
            "\(problems)",
            sourceLocation: location
        )
        #expect(!problems.contains { $0.contains("hush") || $0.contains("aHVz") }, sourceLocation: location)
    }
}
