import ArgumentParser
import Logging

/// How much the host says, and in which form.
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
                "--log-level: '\(self.logLevel)' is none of trace, debug, info, notice, warning, error, critical"
            )
        }
    }

    private var level: Logger.Level { Logger.Level(rawValue: self.logLevel) ?? .info }

    /// A logger whose lines are written before the call returns: for commands that do one thing and end.
    func logger() -> Logger {
        let level = self.level
        let json = self.json
        return Logger(label: "warren") { _ in
            ConsoleLogHandler(level: level, json: json) { Terminal.write($0, to: 2) }
        }
    }

    /// A writer for a host's log: see `LogWriter`.
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

    /// A host's logger.
    func logger(to writer: LogWriter) -> Logger {
        let level = self.level
        let json = self.json
        return Logger(label: "warren") { _ in ConsoleLogHandler(level: level, json: json, write: writer.add) }
    }
}
