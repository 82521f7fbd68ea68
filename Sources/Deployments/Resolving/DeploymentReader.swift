import Manifests
import Polling

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
        let manifests = loaded.manifests.map { manifest -> ResolvedManifest in
            switch manifest {
            case .function(let function):
                let path = self.bundlePath(function.handler.bundle)
                let bundle = bundles[path] ?? self.bundle(at: path)
                bundles[path] = bundle
                self.references.insert(path)
                self.refer(to: function.env)
                return .function(
                    ResolvedFunction(
                        manifest: function,
                        environment: Self.resolve(function, environment),
                        bundle: bundle
                    )
                )
            case .webhook(let webhook):
                self.refer(to: webhook.values)
                self.references.formUnion(webhook.tls.paths)
                return .webhook(ResolvedWebhook(webhook, environment: environment))
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
            problems: loaded.problems
        )
    }

    private mutating func refer(to values: [String: ValueSource]) {
        for case .fromFile(let file) in values.values { self.references.insert(file) }
    }

    private func bundle(at path: String) -> ResolvedBundle {
        if let known = self.executables[path], known.identity == FileIdentity.find(at: path) { return .found(known) }
        do throws(SystemError) {
            return .found(try BundleExecutable.open(path))
        } catch {
            return .missing(reason: "\(error)")
        }
    }

    private static func resolve(_ manifest: FunctionManifest, _ environment: [String: String]) -> ResolvedEnvironment {
        do throws(EnvironmentResolution.Failure) {
            return .complete(
                try EnvironmentResolution.resolve(manifest.env, manifest: manifest.name, environment: environment)
            )
        } catch {
            return .incomplete(reason: "\(error)")
        }
    }
}
