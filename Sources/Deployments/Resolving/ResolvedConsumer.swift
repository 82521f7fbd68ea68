package import Manifests

/// One version of a consumer: the queue that it takes events from, and what it runs for them.
package struct ResolvedConsumer: Sendable, Equatable {
    package let manifest: ConsumerManifest
    package let workload: Workload

    package init(_ manifest: ConsumerManifest, _ workload: Workload) {
        self.manifest = manifest
        self.workload = workload
    }

    /// Why nothing of this version can be run; `nil` if it can.
    package var obstacle: String? { self.workload.obstacle }

    package func key(namespace: String) -> ConsumerKey {
        ConsumerKey(
            name: self.manifest.name,
            partition: self.manifest.partition,
            queue: self.manifest.queueName(namespace: namespace)
        )
    }
}

/// What runs for the events of a consumer. In a box: a host holds the same one in several tables.
package indirect enum Workload: Sendable, Equatable {
    case function(ResolvedFunction)
    case webhook(ResolvedWebhook)

    /// Why it cannot be run; `nil` if it can.
    package var obstacle: String? {
        switch self {
        case .function(let function): function.obstacle
        case .webhook(let webhook): webhook.obstacle
        }
    }
}
