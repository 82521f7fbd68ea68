import Logging
import Messaging
import Polling
import Topology

/// The ways that failed events take back to their queues are looked after, not only the queues: an exchange in the middle
/// of the delay levels that somebody has deleted stops what is on its way past it, and no publish notices.
extension ConsumerRuntime {
    /// After the start, so that functions come first.
    private static let firstLook = Duration.seconds(1)

    func watchWaysBack() {
        guard let interval = self.waysBackInterval else { return }
        self.lookAfterWaysBack(in: min(Self.firstLook, interval), thenEach: interval)
    }

    private func lookAfterWaysBack(in time: Duration, thenEach interval: Duration) {
        self.loop.schedule(after: time) { [weak self] in
            guard let self, !self.isDraining else { return }
            self.mendWaysBack()
            self.lookAfterWaysBack(in: interval, thenEach: interval)
        }
    }

    func mendWaysBack() {
        if let level = self.delayLevels.next {
            self.keeper?.inspect(.delayLevel(level), queue: self.names.delayLevel(level))
        } else {
            self.keeper?.declare(.waysBack)
        }
    }

    func inspectedDelayLevel(_ level: Int, _ inspection: QueueInspection?) {
        self.delayLevels.looked(at: level, exists: inspection != nil)
        self.mendWaysBack()
    }

    func declarationsOfWaysBack() -> [Declaration] {
        TopologyPlanner.waysBack(
            to: self.pipelines.values.filter(\.isTopologyReady).map(\.topology.queue).sorted(),
            highestLevel: max(self.delayLevels.highest, self.settler.highestLevel),
            self.names
        )
    }
}
