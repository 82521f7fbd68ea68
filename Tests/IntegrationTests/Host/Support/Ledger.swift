import Testing

/// The account over event ids: what the broker confirmed is handled, dead, parked or still in a queue.
struct Ledger: Sendable {
    let confirmed: Set<String>
    var handled: Set<String> = []
    var dead: Set<String> = []
    var parked: Set<String> = []
    /// In the function's own queue, or in a delay on the way back to it.
    var queued: Set<String> = []

    var accounted: Set<String> { self.handled.union(self.dead).union(self.parked).union(self.queued) }

    func expectBalance(_ location: SourceLocation = #_sourceLocation) {
        let lost = self.confirmed.subtracting(self.accounted)
        let strange = self.accounted.subtracting(self.confirmed)
        #expect(lost.isEmpty, "lost: \(lost.sorted().prefix(10))", sourceLocation: location)
        #expect(strange.isEmpty, "not published: \(strange.sorted().prefix(10))", sourceLocation: location)
    }
}
