package import Manifests

/// A function with all that its workers are made of.
package struct ResolvedFunction: Sendable, Equatable {
    package let manifest: FunctionManifest
    package let environment: ResolvedEnvironment
    package let bundle: ResolvedBundle
    package let user: ResolvedUser

    package init(
        manifest: FunctionManifest,
        environment: ResolvedEnvironment,
        bundle: ResolvedBundle,
        user: ResolvedUser = .ofHost
    ) {
        self.manifest = manifest
        self.environment = environment
        self.bundle = bundle
        self.user = user
    }

    /// Why no worker of this version can be started; nil if one can.
    package var obstacle: String? {
        var reasons: [String] = []
        if case .missing(let reason) = self.bundle { reasons.append(reason) }
        if case .incomplete(let reason) = self.environment { reasons.append(reason) }
        if case .unavailable(let reason) = self.user { reasons.append(reason) }
        return reasons.isEmpty ? nil : reasons.joined(separator: "; ")
    }
}
