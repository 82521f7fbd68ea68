/// How far the parts of the topology are on their way to the broker: each is declared until the broker has taken it,
/// once at a time however often it is wanted, and looked at once at a time.
///
/// A value: see `RuntimeState`.
struct PartStates<Part: Hashable & Sendable> {
    private enum State {
        case underWay
        /// Something was lost meanwhile, perhaps what has been declared already.
        case underWayAndWantedAgain
        /// The broker did not take it; it is tried again after a pause.
        case pausing
    }

    /// What an answer of the broker means.
    enum Meaning: Equatable {
        case news
        /// What was declared meanwhile may not be what is wanted now: neither good nor bad news of it counts.
        case declareAgain
    }

    private var states: [Part: State] = [:]
    /// Asked about, and not answered yet.
    private var inspecting: Set<Part> = []

    /// - Returns: whether it is to be declared now.
    mutating func want(_ part: Part) -> Bool {
        switch self.states[part] {
        case .underWay:
            self.states[part] = .underWayAndWantedAgain
            return false
        case .underWayAndWantedAgain, .pausing:
            return false
        case nil:
            self.states[part] = .underWay
            return true
        }
    }

    /// The broker has answered.
    mutating func answered(_ part: Part, isDeclared: Bool) -> Meaning {
        let state = self.states.removeValue(forKey: part)
        if case .underWayAndWantedAgain = state { return .declareAgain }
        if !isDeclared { self.states[part] = .pausing }
        return .news
    }

    mutating func pauseIsOver(_ part: Part) { self.states[part] = nil }

    /// - Returns: whether the broker is to be asked about it now.
    mutating func look(at part: Part) -> Bool { self.inspecting.insert(part).inserted }

    mutating func looked(at part: Part) { self.inspecting.remove(part) }
}
