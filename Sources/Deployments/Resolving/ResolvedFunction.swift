package import Manifests

/// A function with all that its workers are made of.
package struct ResolvedFunction: Sendable, Equatable {
    package let manifest: FunctionManifest
    package let environment: ResolvedEnvironment
    package let bundle: ResolvedBundle

    package init(manifest: FunctionManifest, environment: ResolvedEnvironment, bundle: ResolvedBundle) {
        self.manifest = manifest
        self.environment = environment
        self.bundle = bundle
    }

    /// Why no worker of this version can be started; nothing if one can.
    package var obstacle: String? {
        var reasons: [String] = []
        if case .missing(let reason) = self.bundle { reasons.append(reason) }
        if case .incomplete(let reason) = self.environment { reasons.append(reason) }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }
}
