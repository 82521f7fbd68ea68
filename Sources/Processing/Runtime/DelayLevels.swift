import Topology

/// Which delay levels exist, as far as this host knows. They are made when a delay first needs them, by any host or by
/// `warren publish`, so a host that begins looks which are there: from the lowest up, past a few that are missing,
/// because somebody may have deleted one in between.
struct DelayLevels {
    /// So many missing ones in a row are taken for the end. Each costs the broker a line in its log.
    static let gap = 3

    /// The highest that exists; -1 when there is none.
    private(set) var highest = -1
    /// The level to look at next; nil when all have been looked at.
    private(set) var next: Int? = 0
    private var missing = 0

    mutating func looked(at level: Int, exists: Bool) {
        guard level == self.next else { return }
        self.missing = exists ? 0 : self.missing + 1
        if exists { self.highest = level }
        self.next = self.missing < Self.gap && level + 1 < DelayRoute.levels ? level + 1 : nil
    }
}
