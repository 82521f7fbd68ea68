/// One document of a manifest file, by its `kind`. In a box: a host holds the same one in several tables.
package indirect enum Manifest: Sendable, Equatable {
    case function(FunctionManifest)
    case webhook(WebhookManifest)

    /// The only `apiVersion` so far.
    package static let apiVersion = "warren/v1"

    /// Its consumers, each with a queue of its own. A function or webhook has one. Another kind of manifest may have
    /// none, or several that divide its events among them, each with a number, see `ConsumerManifest.partition`.
    package var consumers: [ConsumerManifest] {
        switch self {
        case .function(let function): [function.consumer]
        case .webhook(let webhook): [webhook.consumer]
        }
    }

    package var kind: ManifestKind {
        switch self {
        case .function: .function
        case .webhook: .webhook
        }
    }

    /// The manifest's name, unique over all kinds and files.
    package var name: String {
        switch self {
        case .function(let function): function.name
        case .webhook(let webhook): webhook.consumer.name
        }
    }

    /// Where the document stands.
    package var source: SourceLocation {
        switch self {
        case .function(let function): function.consumer.source
        case .webhook(let webhook): webhook.consumer.source
        }
    }

    /// Where its name stands.
    package var nameLocation: SourceLocation {
        switch self {
        case .function(let function): function.consumer.locations.name
        case .webhook(let webhook): webhook.consumer.locations.name
        }
    }
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
