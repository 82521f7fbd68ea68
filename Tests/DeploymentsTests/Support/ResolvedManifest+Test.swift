import Deployments
import Manifests
import Messaging
import Testing

extension ResolvedManifest {
    /// A version that can start, made of a build that is always there.
    static func test(
        _ name: String,
        file: String = "a.yaml",
        queue: String? = nil,
        concurrency: Int = 1,
        environment: ResolvedEnvironment = .complete([:]),
        bundle: ResolvedBundle? = nil
    ) throws -> ResolvedManifest {
        .function(
            ResolvedFunction(
                manifest: FunctionManifest(
                    name: name,
                    handler: HandlerReference(bundle: "orders", function: name),
                    keys: [try RoutingPattern("order.placed")],
                    queue: queue,
                    concurrency: concurrency,
                    locations: ConsumerManifest.Locations(everywhere: .start(of: file))
                ),
                environment: environment,
                bundle: try bundle ?? .found(.open("/bin/sh"))
            )
        )
    }
}

extension ResolvedManifest {
    var function: ResolvedFunction? {
        if case .function(let function) = self { function } else { nil }
    }
}

extension ConsumerKey {
    static func test(_ name: String, queue: String? = nil) -> ConsumerKey {
        ConsumerKey(name: name, queue: queue ?? "t.\(name)")
    }
}

extension Deployment {
    static let testDirectory = "manifests"
    static let testNamespace = "t"

    static func test(_ functions: [ResolvedManifest], problemsIn files: [String] = []) -> Deployment {
        Deployment(
            namespace: self.testNamespace,
            directory: self.testDirectory,
            manifests: functions,
            problems: files.map { .test(in: $0) }
        )
    }
}

extension ManifestProblem {
    static func test(in file: String, what: String = "it is wrong") -> ManifestProblem {
        ManifestProblem(at: .start(of: file), what: what, remedy: "mend it")
    }
}
