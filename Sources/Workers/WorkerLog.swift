import EventLoops
import Invoking
import Logging
import WorkerProtocol

/// Logs the output of one worker within its function's log budget: log frames, and lines of stdout and stderr. What
/// exceeds the budget is dropped, and the host's log says how many lines were. Confined to one loop.
final class WorkerLog {
    private static let reportInterval = Duration.seconds(1)
    /// How long the host stops reading from a worker that floods its log, after each read.
    static let restFromFlood = Duration.milliseconds(1)

    private let loop: EventLoop
    private let logger: Logger
    private let metrics: WorkerMetrics
    /// Returns the event's id and attempt for an invocation, to be logged with its lines.
    private let describe: (InvocationID) -> (event: String, attempt: Int)?
    private let meter: LogMeter
    private var timer: TimerID?

    var level: Logger.Level { self.logger.logLevel }

    init(
        loop: EventLoop,
        logger: Logger,
        metrics: WorkerMetrics,
        meter: LogMeter,
        describe: @escaping (InvocationID) -> (event: String, attempt: Int)?
    ) {
        self.loop = loop
        self.logger = logger
        self.metrics = metrics
        self.meter = meter
        self.describe = describe
    }

    /// Whether lines would be dropped anyway, so that they need only be counted.
    func isExhausted() -> Bool { self.meter.budget.isExhausted(now: .now) }

    func drop(lines: Int) {
        guard lines > 0 else { return }
        self.meter.budget.drop(lines: lines)
        self.reportLater()
    }

    func write(_ line: String, stream: String) {
        guard self.take(line.utf8.count) else { return }
        self.logger.info("\(line)", metadata: ["stream": "\(stream)"])
    }

    /// Throws if the frame is not a valid log frame. A frame over the budget is not parsed.
    func write(_ frame: Frame) throws(FrameError) {
        guard self.take(frame.body.count) else { return }
        let line = try LogFrame(frame)
        let levels = Logger.Level.allCases
        let level = levels[min(Int(line.level), levels.count - 1)]
        var metadata = Logger.Metadata()
        for (key, value) in line.metadata { metadata[key] = "\(value)" }
        if let run = self.describe(InvocationID(rawValue: frame.invocation)) {
            metadata["event"] = "\(run.event)"
            metadata["attempt"] = "\(run.attempt)"
        }
        self.logger.log(level: level, "\(line.message)", metadata: metadata)
    }

    private func take(_ bytes: Int) -> Bool {
        let fits = self.meter.budget.take(bytes: bytes, now: .now)
        if !fits { self.reportLater() }
        return fits
    }

    private func reportLater() {
        guard self.timer == nil else { return }
        self.timer = self.loop.schedule(after: Self.reportInterval) { [weak self] in self?.report() }
    }

    private func report() {
        self.timer = nil
        let dropped = self.meter.budget.takeDropped()
        guard dropped > 0 else { return }
        self.metrics.dropped(logLines: dropped)
        self.logger.warning(
            "log lines of a worker were dropped: it writes more than it may",
            metadata: [
                "lines": "\(dropped)",
                "limit":
                    "\(Int(LogBudget.linesPerSecond)) lines and \(Int(LogBudget.bytesPerSecond) >> 10) KiB a second",
            ]
        )
    }

    /// The worker has ended.
    func finish() {
        if let timer = self.timer { self.loop.cancel(timer) }
        self.report()
    }
}
