import Manifests
import Messaging
import Topology

/// The ways that failed events take back to their queues are looked after, not only the queues: an exchange in the
/// middle of the delay levels that somebody has deleted stops what is on its way past it, and no publish notices.
extension RuntimeState {
    /// After the start, so that functions come first.
    private static let firstLook = Duration.seconds(1)

    func watchWaysBack(_ actions: inout [RuntimeAction]) {
        if let interval = self.waysBackInterval { actions.append(.arm(.waysBack, min(Self.firstLook, interval))) }
    }

    mutating func mendWaysBack(_ actions: inout [RuntimeAction]) {
        guard let level = self.delayLevels.next else { return self.declare(.waysBack, &actions) }
        if self.parts.look(at: .delayLevel(level)) {
            actions.append(.inspect(.delayLevel(level), queue: self.names.delayLevel(level)))
        }
    }

    mutating func inspectedDelayLevel(
        _ level: Int,
        _ inspection: QueueInspection?,
        _ actions: inout [RuntimeAction]
    ) {
        self.delayLevels.looked(at: level, exists: inspection != nil)
        self.mendWaysBack(&actions)
    }

    func declarationsOfWaysBack(highestLevel: Int) -> [Declaration] {
        TopologyPlanner.waysBack(
            to: self.consumers.values.filter(\.isReady).map(\.topology.queue).sorted(),
            highestLevel: max(self.delayLevels.highest, highestLevel),
            self.names
        )
    }
}
