import Synchronization

extension TestBed {
    /// Publishes events `e-0`, `e-1` and so on, in this order, as long as something goes on.
    ///
    /// - Parameters:
    ///   - payload: of each event.
    ///   - ahead: how many may be published and not have ended, about.
    /// - Returns: what the broker confirmed, which is all.
    func load(
        _ payload: String,
        ahead: Int,
        during body: () async throws -> Void
    ) async throws -> Set<String> {
        let isOver = Atomic(false)
        defer { isOver.store(true, ordering: .relaxed) }
        let publisher = Task {
            var confirmed: Set<String> = []
            while !isOver.load(ordering: .relaxed) {
                let next = confirmed.count
                confirmed.formUnion(try await self.publish((next..<next + 50).map { ("e-\($0)", payload) }))
                try await self.journal.wait(for: "progress") { deeds in
                    deeds.events("ended").count > next + 50 - ahead
                }
            }
            return confirmed
        }
        try await body()
        isOver.store(true, ordering: .relaxed)
        return try await publisher.value
    }
}
