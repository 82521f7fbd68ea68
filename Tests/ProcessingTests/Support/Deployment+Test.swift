import Deployments
import EventLoops
import Manifests
import Topology

extension Deployment {
    /// What good files in one directory ask for.
    static func test(_ manifests: [FunctionManifest]) -> Deployment {
        Deployment(
            namespace: Rig.names.namespace,
            directory: "",
            manifests: manifests.map { .test($0) },
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

    static func test(_ manifest: FunctionManifest) -> ResolvedManifest {
        .function(ResolvedFunction(manifest: manifest, environment: .complete([:]), bundle: self.bundle))
    }
}
