/// What a manifest claims for itself alone: its name, and the queues that its consumers take events from.
package struct ManifestClaim: Sendable {
    package let name: String
    package let nameLocation: SourceLocation
    package let consumers: [ConsumerManifest]

    /// - Parameter consumers: those of the manifest, if they are not simply `manifest.consumers`.
    package init(_ manifest: Manifest, consumers: [ConsumerManifest]? = nil) {
        self.name = manifest.name
        self.nameLocation = manifest.nameLocation
        self.consumers = consumers ?? manifest.consumers
    }
}
