package import Manifests

/// One version of what a manifest asks for: all that makes what it invokes what it is.
///
/// Two that are equal run alike, so an equal one is never switched over. Comparing the values themselves takes the
/// place of a hash: it cannot collide, and no digest of a secret exists that could end up in a log.
package enum ResolvedManifest: Sendable, Equatable {
    case function(ResolvedFunction)
    case webhook(ResolvedWebhook)

    package var manifest: Manifest {
        switch self {
        case .function(let function): .function(function.manifest)
        case .webhook(let webhook): .webhook(webhook.manifest)
        }
    }

    package var consumer: ConsumerManifest {
        switch self {
        case .function(let function): function.manifest.consumer
        case .webhook(let webhook): webhook.manifest.consumer
        }
    }

    /// Why nothing of this version can be run; nothing if it can.
    package var obstacle: String? {
        switch self {
        case .function(let function): function.obstacle
        case .webhook(let webhook): webhook.obstacle
        }
    }

    package func key(namespace: String) -> ConsumerKey {
        ConsumerKey(name: self.consumer.name, queue: self.consumer.queueName(namespace: namespace))
    }

    /// The manifest file that asked for this version.
    var file: String { self.consumer.source.file }
}
