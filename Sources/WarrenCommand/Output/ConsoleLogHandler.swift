import EventLoops
import FoundationEssentials
import Logging
import Messaging
import Processing

/// Writes the host's log to stderr: one line of text for people, or one JSON object per line for programs.
struct ConsoleLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level
    private let isJSON: Bool
    private let write: @Sendable (String) -> Void

    /// - Parameter write: called with a whole line, including its newline.
    init(level: Logger.Level, json: Bool, write: @escaping @Sendable (String) -> Void) {
        self.logLevel = level
        self.isJSON = json
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { self.metadata[key] }
        set { self.metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var metadata = self.metadata
        if let provided = self.metadataProvider?.get() { metadata.merge(provided) { _, new in new } }
        if let own = event.metadata { metadata.merge(own) { _, new in new } }
        self.write(Self.line(event.level, "\(event.message)", metadata, json: self.isJSON))
    }

    static func line(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata, json: Bool) -> String {
        json ? self.json(level, message, metadata) : self.text(level, message, metadata)
    }

    /// `12:00:00.123 info  reserve-stock  reserving  order=17 event=…`
    ///
    /// Messages and values also come from outside the host, and must not be able to forge a line or a value.
    private static func text(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> String {
        var metadata = metadata
        let name = metadata.removeValue(forKey: "function") ?? metadata.removeValue(forKey: "webhook")
        let function = name.map { "\(PrintableText.word("\($0)"))  " } ?? ""
        let pairs = metadata.sorted { $0.key < $1.key }.map {
            "\(PrintableText.word($0.key))=\(PrintableText.word("\($0.value)"))"
        }
        let padded = level.rawValue + String(repeating: " ", count: max(0, 8 - level.rawValue.count))
        let rest = pairs.isEmpty ? "" : "  " + pairs.joined(separator: " ")
        return "\(self.time(withDate: false)) \(padded) \(function)\(PrintableText.line(message))\(rest)\n"
    }

    private static func json(_ level: Logger.Level, _ message: String, _ metadata: Logger.Metadata) -> String {
        var fields = metadata.mapValues { "\($0)" }
        fields["time"] = self.time(withDate: true)
        fields["level"] = level.rawValue
        fields["message"] = message
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = (try? encoder.encode(fields)) ?? Data()
        return PrintableText.json(String(decoding: data, as: UTF8.self)) + "\n"
    }

    private static func time(withDate: Bool) -> String {
        let text = CivilDate.text(milliseconds: WallClock.system.milliseconds, alwaysWithFraction: true)
        return withDate ? text : String(text.dropFirst("2026-01-31T".count).dropLast())
    }
}
