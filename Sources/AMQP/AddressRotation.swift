import Messaging

/// Decides the order in which a connection tries the broker's nodes.
///
/// The order is random but the same for all connections of a process. Each role begins at another place in it, and the
/// publishing connection goes through it in the opposite direction to the consuming one: when one of them loses its
/// node, it does not go to the other's node next.
struct AddressRotation: Sendable {
    /// What a connection is for, which decides where in the order it begins.
    enum Role: Sendable {
        case consuming
        case publishing
        case topology
    }

    let seed: UInt64
    let role: Role
    /// The target of the last successful connection. When that is lost, all other targets are tried first: a node that
    /// hangs or restarts would only cost time.
    private(set) var last: ConnectionTarget?

    init(seed: UInt64, role: Role) {
        self.seed = seed
        self.role = role
    }

    mutating func connected(to target: ConnectionTarget) { self.last = target }

    /// All targets, in the order of one round.
    func order(of targets: [ConnectionTarget]) -> [ConnectionTarget] {
        var generator = SplitMix64(seed: self.seed)
        // The resolver returns the same records in a different order each time.
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
