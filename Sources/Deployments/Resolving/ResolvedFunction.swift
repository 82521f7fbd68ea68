package import Manifests

/// One version of a function: all that makes its workers what they are.
///
/// Two that are equal run alike, so an equal one is never switched over. Comparing the values themselves takes the
/// place of a hash: it cannot collide, and no digest of a secret exists that could end up in a log.
package struct ResolvedFunction: Sendable, Equatable {
    package let manifest: FunctionManifest
    package let environment: ResolvedEnvironment
    package let bundle: ResolvedBundle

    package init(manifest: FunctionManifest, environment: ResolvedEnvironment, bundle: ResolvedBundle) {
        self.manifest = manifest
        self.environment = environment
        self.bundle = bundle
    }

    package func key(namespace: String) -> FunctionKey {
        FunctionKey(name: self.manifest.name, queue: self.manifest.queueName(namespace: namespace))
    }

    /// Why no worker of this version can be started; nothing if one can.
    package var obstacle: String? {
        var reasons: [String] = []
        if case .missing(let reason) = self.bundle { reasons.append(reason) }
        if case .incomplete(let reason) = self.environment { reasons.append(reason) }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }
}
