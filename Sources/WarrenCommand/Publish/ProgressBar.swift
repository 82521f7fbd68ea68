/// Shows the progress of a bulk publish on a terminal, at most ten times a second. Prints nothing if stderr is not a
/// terminal.
struct ProgressBar {
    private static let width = 30
    private static let interval = Duration.milliseconds(100)

    /// The size of the input in bytes; `nil` if it is unknown.
    private let total: Int?
    private let isShown = Terminal.isInteractive
    private let start = ContinuousClock.now
    private var lastShown = ContinuousClock.now - .seconds(1)

    init(total: Int?) { self.total = total }

    mutating func show(bytes: Int, events: Int) {
        guard self.isShown, .now - self.lastShown >= Self.interval else { return }
        self.lastShown = .now
        let seconds = max((ContinuousClock.now - self.start) / .seconds(1), 0.001)
        let rate = "\(events) events, \(Int(Double(events) / seconds))/s"
        guard let total = self.total, total > 0 else { return Terminal.write("\r\(rate) ", to: 2) }
        let share = min(1, Double(bytes) / Double(total))
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: Self.width - filled)
        Terminal.write("\r[\(bar)] \(Int(share * 100)) %  \(rate) ", to: 2)
    }

    /// Clears the line.
    func finish() {
        if self.isShown { Terminal.write("\r\u{1b}[K", to: 2) }
    }
}
