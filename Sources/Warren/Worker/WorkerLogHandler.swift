import Logging
import Messaging
import WorkerProtocol

/// Sends log lines to the host, which knows the function, the event, and where logs go. Each line is sent at once,
/// because the last lines before a crash matter most.
struct WorkerLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let invocation: UInt64
    private let output: WorkerOutput
    private static let longestMessage = 64 << 10
    private static let longestValue = 8 << 10

    init(invocation: UInt64, logLevel: Logger.Level, output: WorkerOutput) {
        self.invocation = invocation
        self.logLevel = logLevel
        self.output = output
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var metadata = self.metadata
        if let provided = self.metadataProvider?.get() { metadata.merge(provided) { _, new in new } }
        if let own = event.metadata { metadata.merge(own) { _, new in new } }
        if let error = event.error { metadata["error"] = metadata["error"] ?? "\(error)" }
        let frame = LogFrame(
            level: event.level.number,
            message: event.message.description.prefix(bytes: Self.longestMessage),
            metadata: metadata.sorted { $0.key < $1.key }
                .map { (key: $0.key, value: $0.value.description.prefix(bytes: Self.longestValue)) }
        )
        self.output.append { frame.write(invocation: self.invocation, to: &$0) }
        self.output.flush()
    }
}

extension Logger.Level {
    /// 0 trace … 6 critical, as log and start frames count.
    var number: UInt8 {
        switch self {
        case .trace: 0
        case .debug: 1
        case .info: 2
        case .notice: 3
        case .warning: 4
        case .error: 5
        case .critical: 6
        }
    }

    /// The level with this number; an unknown number is read as the highest level.
    init(number: UInt8) { self = Self.allCases.first { $0.number == number } ?? .critical }
}
