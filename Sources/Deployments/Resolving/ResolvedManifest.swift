package import Manifests

/// One version of a manifest, with everything that it refers to: the executable, the environment, certificates,
/// secrets.
///
/// Two equal versions behave alike, so the host never switches from one to the other. The values themselves are
/// compared, not a hash of them: a hash could collide, and a digest of a secret could end up in a log.
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

    /// Why nothing of this version can be run; nil if it can.
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
