import Deployments
import Manifests
import Messaging
import Testing

extension ResolvedManifest {
    /// A version that can start, made of a build that is always there.
    ///
    /// - Parameter partitions: consumers that divide its events among them; `nil`: one that takes them all.
    static func test(
        _ name: String,
        file: String = "a.yaml",
        queue: String? = nil,
        partitions: Int? = nil,
        concurrency: Int = 1,
        environment: ResolvedEnvironment = .complete([:]),
        bundle: ResolvedBundle? = nil
    ) throws -> ResolvedManifest {
        let function = ResolvedFunction(
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
        guard let partitions else { return .function(function) }
        let consumers = (0..<partitions).map { partition in
            var consumer = function.manifest.consumer
            consumer.partition = partition
            return ResolvedConsumer(consumer, .function(function))
        }
        return ResolvedManifest(.function(function.manifest), consumers: consumers)
    }

    /// Of a manifest that has one.
    var consumer: ResolvedConsumer { self.consumers[0] }

    var obstacle: String? { self.consumer.obstacle }

    var function: ResolvedFunction? { self.consumers.first?.function }
}

extension ResolvedConsumer {
    var function: ResolvedFunction? {
        if case .function(let function) = self.workload { function } else { nil }
    }
}

extension ConsumerKey {
    static func test(_ name: String, partition: Int? = nil, queue: String? = nil) -> ConsumerKey {
        let queue = queue ?? "t.\(name)"
        return ConsumerKey(name: name, partition: partition, queue: partition.map { "\(queue).\($0)" } ?? queue)
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
