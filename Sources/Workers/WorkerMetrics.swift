import Metrics

/// The metrics of one function's workers.
///
/// | name | type | dimensions | counted |
/// |---|---|---|---|
/// | `warren.worker.starts` | counter | `warren.function` | processes started |
/// | `warren.worker.deaths` | counter | `warren.function` | processes that died after they had begun an invocation |
/// | `warren.worker.recycled` | counter | `warren.function` | processes replaced because of `recycle` or `limits` |
/// | `warren.worker.log.dropped` | counter | `warren.function` | log lines over the function's log budget |
struct WorkerMetrics {
    private let starts: Counter
    private let deaths: Counter
    private let recycled: Counter
    private let droppedLines: Counter

    init(function: String) {
        let dimensions = [("warren.function", function)]
        self.starts = Counter(label: "warren.worker.starts", dimensions: dimensions)
        self.deaths = Counter(label: "warren.worker.deaths", dimensions: dimensions)
        self.recycled = Counter(label: "warren.worker.recycled", dimensions: dimensions)
        self.droppedLines = Counter(label: "warren.worker.log.dropped", dimensions: dimensions)
    }

    func started() { self.starts.increment() }
    func died() { self.deaths.increment() }
    func wasRecycled() { self.recycled.increment() }
    func dropped(logLines: Int) { self.droppedLines.increment(by: logLines) }
}
