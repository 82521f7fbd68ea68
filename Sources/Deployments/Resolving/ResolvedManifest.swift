package import Manifests

/// One version of a manifest, with everything that it refers to: the executable, the environment, certificates,
/// secrets.
///
/// Two equal versions behave alike, so the host never switches from one to the other. The values themselves are
/// compared, not a hash of them: a hash could collide, and a digest of a secret could end up in a log.
package struct ResolvedManifest: Sendable, Equatable {
    package let manifest: Manifest
    /// What the host runs for it: one consumer for a function or webhook; for other kinds none, or several.
    package let consumers: [ResolvedConsumer]

    package init(_ manifest: Manifest, consumers: [ResolvedConsumer]) {
        self.manifest = manifest
        self.consumers = consumers
    }

    private init(_ manifest: Manifest, workload: Workload) {
        self.init(manifest, consumers: manifest.consumers.map { ResolvedConsumer($0, workload) })
    }

    package static func function(_ function: ResolvedFunction) -> Self {
        Self(.function(function.manifest), workload: .function(function))
    }

    package static func webhook(_ webhook: ResolvedWebhook) -> Self {
        Self(.webhook(webhook.manifest), workload: .webhook(webhook))
    }

    /// Unique over all manifests.
    package var name: String { self.manifest.name }

    /// The manifest file that asked for this version.
    var file: String { self.manifest.source.file }

    package var claim: ManifestClaim { ManifestClaim(self.manifest, consumers: self.consumers.map(\.manifest)) }
}
