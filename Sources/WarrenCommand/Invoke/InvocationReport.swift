import Invoking
import Messaging
import Processing

/// The result of a local run, as text for people and as JSON.
struct InvocationReport: Encodable {
    struct Emitted: Encodable {
        let key: String
        let type: String
        let contentType: String
        /// The payload as text. Invalid UTF-8 is replaced with U+FFFD.
        let payload: String
        let delayMilliseconds: Int64
    }

    let outcome: String
    let errorType: String?
    let error: String?
    /// The status of the endpoint's answer; `nil` for a function.
    let httpStatus: Int?
    let response: String?
    let milliseconds: Double
    let emitted: [Emitted]

    init(_ result: InvocationResult) {
        self.outcome = result.outcome.name
        self.milliseconds = Double(result.nanoseconds) / 1_000_000
        switch result.outcome {
        case .done(let events):
            self.errorType = nil
            self.error = nil
            self.httpStatus = nil
            self.response = nil
            self.emitted = events.map { event in
                Emitted(
                    key: event.key,
                    type: event.type,
                    contentType: event.contentType,
                    payload: String(decoding: event.payload, as: UTF8.self),
                    delayMilliseconds: event.delay.wholeMilliseconds
                )
            }
        case .skipped:
            self.errorType = nil
            self.error = nil
            self.httpStatus = nil
            self.response = nil
            self.emitted = []
        case .failed(let failure), .rejected(let failure), .undecodable(let failure), .later(_, let failure),
            .timedOut(let failure), .crashed(let failure):
            self.errorType = failure.type
            self.error = failure.message
            self.httpStatus = failure.answer?.status
            self.response = failure.answer.map(\.excerpt)
            self.emitted = []
        }
    }

    /// Prints the report. Throws the exit code for failure unless the outcome is done or skipped.
    func finish(json: Bool) throws {
        if json { Terminal.print(json: self) } else { Terminal.print(self.text) }
        let good: [Outcome.Kind] = [.done, .skipped]
        if !good.map(\.rawValue).contains(self.outcome) { throw CommandExit.failed }
    }

    var text: String {
        var lines = ["\(self.outcome) in \(Duration.milliseconds(self.milliseconds).words)"]
        if let error = self.error {
            lines.append("\(PrintableText.line(self.errorType ?? "error")): \(Self.block(error))")
        }
        if let response = self.response, !response.isEmpty { lines.append("response: \(Self.block(response))") }
        for event in self.emitted {
            let pause = Duration.milliseconds(event.delayMilliseconds)
            let delay = pause > .zero ? " after \(pause.words)" : ""
            let type = event.type == event.key ? "" : " of type \(PrintableText.line(event.type))"
            lines.append("emitted \(PrintableText.line(event.key))\(type)\(delay): \(Self.block(event.payload))")
        }
        return lines.joined(separator: "\n")
    }

    private static func block(_ text: String) -> String { PrintableText.block(text, indent: "  ") }
}
