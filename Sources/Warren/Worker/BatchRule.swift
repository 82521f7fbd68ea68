/// When waiting invocations are taken together: when enough of them wait, or when the oldest has waited long enough.
struct BatchRule: Equatable {
    /// The most that are taken together, at least 1.
    let size: Int
    /// How long the oldest one waits for others at most.
    let wait: Duration

    /// Nil for a size of 0, which stands for no batches.
    init?(size: Int, wait: Duration) {
        guard size > 0 else { return nil }
        self.size = size
        self.wait = wait
    }
}
