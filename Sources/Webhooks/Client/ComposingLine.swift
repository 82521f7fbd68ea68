/// Invocations whose requests take long to compose. One thread does it beside all others, and there is one only while
/// there is something to do. A value without threads.
struct ComposingLine {
    private var waiting: [RequestBatch] = []
    private var isAtWork = false

    mutating func add(_ batch: RequestBatch) { self.waiting.append(batch) }

    /// What a thread is to compose now, in this order; nothing while one is at work. `ended` follows.
    mutating func begin() -> [RequestBatch] {
        guard !self.isAtWork, !self.waiting.isEmpty else { return [] }
        self.isAtWork = true
        return self.takeAll()
    }

    mutating func ended() { self.isAtWork = false }

    /// Takes out everything that waits.
    mutating func takeAll() -> [RequestBatch] {
        defer { self.waiting = [] }
        return self.waiting
    }
}
