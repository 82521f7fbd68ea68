import ArgumentParser
import Logging

/// The options for the log's level and format.
struct LogOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The lowest level that is logged: trace, debug, info, notice, warning, error or critical.",
            valueName: "level"
        )
    )
    var logLevel = "info"

    @Flag(help: "Print JSON instead of text for people.")
    var json = false

    mutating func validate() throws {
        guard Logger.Level(rawValue: self.logLevel) != nil else {
            throw ValidationError(
                "--log-level: '\(self.logLevel)' is not one of trace, debug, info, notice, warning, error, critical"
            )
        }
    }

    private var level: Logger.Level { Logger.Level(rawValue: self.logLevel) ?? .info }

    /// A logger that writes each line before the call returns, for commands that do one thing and exit.
    func logger() -> Logger {
        let level = self.level
        let json = self.json
        return Logger(label: "warren") { _ in
            ConsoleLogHandler(level: level, json: json) { Terminal.write($0, to: 2) }
        }
    }

    /// Creates the writer for a host's log: see `LogWriter`.
    func writer() throws -> LogWriter {
        let json = self.json
        return try LogWriter { dropped in
            ConsoleLogHandler.line(
                .warning,
                "log lines were dropped: they came faster than they are read",
                ["lines": "\(dropped)"],
                json: json
            )
        }
    }

    /// Creates a host's logger.
    func logger(to writer: LogWriter) -> Logger {
        let level = self.level
        let json = self.json
        return Logger(label: "warren") { _ in ConsoleLogHandler(level: level, json: json, write: writer.add) }
    }
}
