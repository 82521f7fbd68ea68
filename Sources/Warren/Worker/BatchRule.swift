/// When waiting invocations form a batch: when there are `size` of them, or when the oldest has waited for `wait`.
struct BatchRule: Equatable {
    /// The maximum number of invocations in a batch, at least 1.
    let size: Int
    /// How long the oldest invocation waits for others, at most.
    let wait: Duration

    /// Returns `nil` for a size of 0, which means that the function takes no batches.
    init?(size: Int, wait: Duration) {
        guard size > 0 else { return nil }
        self.size = size
        self.wait = wait
    }
}
