import Messaging

/// Which of several places to connect to is tried first, and which after it.
///
/// The order is random but the same for all connections of a process. They begin at different places of it, and the
/// publishing connection walks it the other way round than the consuming one: when one of them loses its node, the
/// other's is not its next.
struct AddressRotation: Sendable {
    /// What a connection is for, which says where it begins.
    enum Role: Sendable {
        case consuming
        case publishing
        case topology
    }

    let seed: UInt64
    let role: Role
    /// Where it was connected the last time. Gone from there, it tries everything else before: a node that hangs or
    /// goes through a restart would only cost time.
    private(set) var last: ConnectionTarget?

    init(seed: UInt64, role: Role) {
        self.seed = seed
        self.role = role
    }

    mutating func connected(to target: ConnectionTarget) { self.last = target }

    /// All targets, in the order of one round.
    func order(of targets: [ConnectionTarget]) -> [ConnectionTarget] {
        var generator = SplitMix64(seed: self.seed)
        // The resolver gives the same records in another order each time.
        let sorted = targets.sorted { ($0.address.port, $0.host) < ($1.address.port, $1.host) }
        let shuffled = sorted.shuffled(using: &generator)
        var order = self.ring(shuffled.filter { !$0.isFallback })
        order += shuffled.filter { $0.isFallback }
        if let last = self.last, let index = order.firstIndex(of: last) { order.append(order.remove(at: index)) }
        return order
    }

    private func ring(_ targets: [ConnectionTarget]) -> [ConnectionTarget] {
        guard !targets.isEmpty else { return [] }
        let step = self.role == .publishing ? 1 : targets.count - 1
        let start =
            switch self.role {
            case .consuming: 0
            case .publishing: 1
            case .topology: 2
            }
        let begin = self.last.flatMap(targets.firstIndex(of:)) ?? start
        return targets.indices.map { targets[(begin + $0 * step) % targets.count] }
    }
}
