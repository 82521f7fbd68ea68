import Deployments
import EventLoops
import Manifests
import Topology

extension Deployment {
    /// What good files in one directory ask for.
    ///
    /// - Parameter partitions: consumers that divide the events of each manifest; `nil`: one takes them all.
    static func test(_ manifests: [FunctionManifest], partitions: Int? = nil) -> Deployment {
        Deployment(
            namespace: Rig.names.namespace,
            directory: "",
            manifests: manifests.map { .test($0, partitions: partitions) },
            problems: []
        )
    }
}

extension ResolvedManifest {
    /// Nobody starts it: the invokers are scripted.
    private static let bundle: ResolvedBundle = {
        do throws(SystemError) {
            return .found(try BundleExecutable.open("/bin/true"))
        } catch {
            return .missing(reason: "\(error)")
        }
    }()

    static func test(_ manifest: FunctionManifest, partitions: Int? = nil) -> ResolvedManifest {
        let function = ResolvedFunction(manifest: manifest, environment: .complete([:]), bundle: self.bundle)
        guard let partitions else { return .function(function) }
        let consumers = (0..<partitions).map { partition in
            ResolvedConsumer(manifest.with { $0.consumer.partition = partition }.consumer, .function(function))
        }
        return ResolvedManifest(.function(manifest), consumers: consumers)
    }
}
