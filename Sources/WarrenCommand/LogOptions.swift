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

    func logger() -> Logger {
        let level = Logger.Level(rawValue: self.logLevel) ?? .info
        let json = self.json
        return Logger(label: "warren") { _ in ConsoleLogHandler(level: level, json: json) }
    }
}
