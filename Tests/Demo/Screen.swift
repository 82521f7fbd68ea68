import Foundation

/// Standard output, with colours where a person looks at it.
struct Screen: Sendable {
    /// On a terminal, unless the user wishes otherwise (https://no-color.org).
    private let isColoured = isatty(1) == 1 && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty

    func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    func heading(_ text: String) { self.say("\n\(self.colour("1", text))") }

    func good(_ text: String) -> String { self.colour("32", text) }
    func warning(_ text: String) -> String { self.colour("33", text) }
    func bad(_ text: String) -> String { self.colour("31", text) }
    func faint(_ text: String) -> String { self.colour("2", text) }

    /// How much room a text takes, colours apart.
    func width(of text: String) -> Int {
        var isEscape = false
        return text.unicodeScalars.count { scalar in
            if scalar == "\u{1B}" { isEscape = true }
            defer { if scalar == "m" { isEscape = false } }
            return !isEscape
        }
    }

    private func colour(_ code: String, _ text: String) -> String {
        self.isColoured ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

extension String {
    func leftPadded(to width: Int) -> String { String(repeating: " ", count: max(0, width - self.count)) + self }
    func rightPadded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - self.count)) }
}
