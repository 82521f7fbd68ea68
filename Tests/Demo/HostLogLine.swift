import Foundation

/// What a line of `warren run --json` says to the demonstration. Pure.
enum HostLogLine {
    /// - Returns: nil for a line that is of no interest here.
    static func observation(_ line: Data) -> Observation? {
        guard let fields = try? JSONDecoder().decode([String: String].self, from: line) else {
            return .hostComplained(String(decoding: line, as: UTF8.self))
        }
        if let webhook = fields["webhook"] { return self.observation(of: webhook, fields, line) }
        let function = fields["function"] ?? ""
        let event = fields["event"] ?? ""
        switch fields["message"] {
        case "running":
            return .functionIsRunning(function)
        case "all functions are running":
            return .allFunctionsAreRunning
        case "event failed and is retried":
            return .retry(self.retry(of: function, fields))
        case "event" where function == "record-event":
            return .recorded(id: event)
        default:
            return self.complaint(fields, line)
        }
    }

    private static func observation(of webhook: String, _ fields: [String: String], _ line: Data) -> Observation? {
        switch fields["message"] {
        case "running": .webhookIsRunning(webhook)
        case "paused": .webhookPaused(reason: fields["reason"] ?? "")
        case "event failed and is retried": .deliveryRetried(self.retry(of: webhook, fields))
        default: self.complaint(fields, line)
        }
    }

    private static func retry(of name: String, _ fields: [String: String]) -> SeenRetry {
        SeenRetry(
            eventID: fields["event"] ?? "",
            function: name,
            delay: fields["retry-in"] ?? "",
            error: fields["error"] ?? ""
        )
    }

    /// Dead letters are warnings; they are taken from the broker.
    private static func complaint(_ fields: [String: String], _ line: Data) -> Observation? {
        let isComplaint = ["error", "critical"].contains(fields["level"])
        return isComplaint ? .hostComplained(String(decoding: line, as: UTF8.self)) : nil
    }
}
