/// The queue of batches whose requests take long to compose. A single thread composes them, and exists only while there
/// is work. A value without threads.
struct CompositionQueue {
    private var waiting: [RequestBatch] = []
    private var isAtWork = false

    mutating func add(_ batch: RequestBatch) { self.waiting.append(batch) }

    /// Returns the batches that a new thread is to compose, in this order; empty while a thread is running. `ended`
    /// follows.
    mutating func begin() -> [RequestBatch] {
        guard !self.isAtWork, !self.waiting.isEmpty else { return [] }
        self.isAtWork = true
        return self.takeAll()
    }

    mutating func ended() { self.isAtWork = false }

    /// Removes and returns all waiting batches.
    mutating func takeAll() -> [RequestBatch] {
        defer { self.waiting = [] }
        return self.waiting
    }
}
