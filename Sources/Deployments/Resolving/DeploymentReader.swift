import EventLoops
import Manifests

/// Reads manifests and resolves what they refer to. It belongs to one thread, which it may block.
package struct DeploymentReader: Sendable {
    private let namespace: String
    let manifestDirectory: String
    private let bundlePath: @Sendable (String) -> String
    private let environment: @Sendable () -> [String: String]
    /// The builds of the last reading: an unchanged one keeps its descriptor, and one that nobody wants any more is
    /// closed when its last worker pool lets go of it.
    private var executables: [String: BundleExecutable] = [:]
    /// The files outside the directory of manifests that the last reading depended on: bundles, `fromFile`, `tls`.
    private(set) var references: Set<String> = []
    /// Of the reading that is under way: see `Deployment.isWorthRepeating`.
    private var hasFailedTransiently = false

    /// - Parameters:
    ///   - bundlePath: the path of a bundle's executable, by the bundle's name.
    ///   - environment: the host's own environment, for `fromEnv`.
    package init(
        namespace: String,
        manifestDirectory: String,
        bundlePath: @escaping @Sendable (String) -> String,
        environment: @escaping @Sendable () -> [String: String]
    ) {
        self.namespace = namespace
        self.manifestDirectory = manifestDirectory
        self.bundlePath = bundlePath
        self.environment = environment
    }

    package mutating func read() -> Deployment {
        let loaded = ManifestLoader.load(directory: self.manifestDirectory)
        let environment = self.environment()
        var bundles: [String: ResolvedBundle] = [:]
        self.references = []
        self.hasFailedTransiently = loaded.problems.contains { $0.isTransient }
        var manifests: [ResolvedManifest] = []
        for manifest in loaded.manifests {
            switch manifest {
            case .function(let function):
                manifests.append(.function(self.resolve(function, environment, &bundles)))
            case .webhook(let webhook):
                manifests.append(.webhook(self.resolve(webhook, environment)))
            }
        }
        self.executables = bundles.compactMapValues { bundle in
            switch bundle {
            case .found(let executable): executable
            case .missing: nil
            }
        }
        return Deployment(
            namespace: self.namespace,
            directory: self.manifestDirectory,
            manifests: manifests,
            problems: loaded.problems,
            isWorthRepeating: self.hasFailedTransiently
        )
    }

    private mutating func resolve(
        _ manifest: FunctionManifest,
        _ environment: [String: String],
        _ bundles: inout [String: ResolvedBundle]
    ) -> ResolvedFunction {
        let path = self.bundlePath(manifest.handler.bundle)
        let bundle = bundles[path] ?? self.bundle(at: path)
        bundles[path] = bundle
        self.references.insert(path)
        self.refer(to: manifest.env)
        return ResolvedFunction(
            manifest: manifest,
            environment: self.variables(of: manifest, environment),
            bundle: bundle,
            user: self.user(of: manifest)
        )
    }

    private mutating func resolve(_ manifest: WebhookManifest, _ environment: [String: String]) -> ResolvedWebhook {
        self.refer(to: manifest.values)
        self.references.formUnion(manifest.tls.paths)
        let webhook = ResolvedWebhook(manifest, environment: environment)
        if webhook.hasFailedTransiently { self.hasFailedTransiently = true }
        return webhook
    }

    private mutating func refer(to values: [String: ValueSource]) {
        for case .fromFile(let file) in values.values { self.references.insert(file) }
    }

    private mutating func bundle(at path: String) -> ResolvedBundle {
        if let known = self.executables[path], known.identity == FileIdentity.find(at: path) { return .found(known) }
        do throws(SystemError) {
            return .found(try BundleExecutable.open(path))
        } catch {
            if TransientError.isOne(error.code) { self.hasFailedTransiently = true }
            return .missing(reason: "\(error)")
        }
    }

    private mutating func user(of manifest: FunctionManifest) -> ResolvedUser {
        guard let name = manifest.user else { return .ofHost }
        do throws(UserAccount.Problem) {
            return try UserAccount.find(name).map(ResolvedUser.other) ?? .ofHost
        } catch {
            if case .lookup(_, let code) = error, TransientError.isOne(code) { self.hasFailedTransiently = true }
            return .unavailable(reason: "\(error)")
        }
    }

    private mutating func variables(
        of manifest: FunctionManifest,
        _ environment: [String: String]
    ) -> ResolvedEnvironment {
        do throws(EnvironmentResolution.Failure) {
            return .complete(
                try EnvironmentResolution.resolve(manifest.env, manifest: manifest.name, environment: environment)
            )
        } catch {
            if error.isTransient { self.hasFailedTransiently = true }
            return .incomplete(reason: "\(error)")
        }
    }
}
