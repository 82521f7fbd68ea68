/// One document of a manifest file, by its `kind`.
package enum Manifest: Sendable, Equatable {
    case function(FunctionManifest)
    case webhook(WebhookManifest)

    /// The only `apiVersion` so far.
    package static let apiVersion = "warren/v1"

    /// What both kinds have in common.
    package var consumer: ConsumerManifest {
        switch self {
        case .function(let function): function.consumer
        case .webhook(let webhook): webhook.consumer
        }
    }

    /// The manifest's name, unique over all kinds and files.
    package var name: String { self.consumer.name }

    /// Where the document stands.
    package var source: SourceLocation { self.consumer.source }
}

/// The values of `kind` that this version knows.
package enum ManifestKind: String, Sendable, CaseIterable {
    /// Events run a function in a worker process.
    case function = "Function"
    /// Events are delivered to an HTTP endpoint.
    case webhook = "Webhook"

    /// What logs and messages call one.
    package var word: String {
        switch self {
        case .function: "function"
        case .webhook: "webhook"
        }
    }
}
