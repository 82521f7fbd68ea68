import Manifests
import Messaging
import Topology

@testable import Processing

extension PipelineState<StandardPolicy> {
    /// The state of a pipeline that a test tells what happens, without anything that it drives.
    static func test(_ manifest: ConsumerManifest, slot: InvokerSlot.ID) -> Self {
        PipelineState(
            PipelineVersion(manifest: manifest, topology: TopologyPlanner.consumer(manifest, Rig.names)),
            names: Rig.names,
            slot: slot,
            jitter: SplitMix64(seed: 0)
        )
    }
}
