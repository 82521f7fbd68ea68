import Waiting

/// What the test bundle's functions did, in the order in which they did it.
struct Journal: Sendable {
    /// One line of the journal.
    struct Deed: Sendable, CustomStringConvertible {
        let event: String
        let attempt: Int
        let process: Int32
        /// On the clock that never jumps; the same for all processes.
        let milliseconds: Int
        let name: String

        init?(_ line: String) {
            let fields = line.split(separator: " ")
            guard fields.count == 5, let attempt = Int(fields[1]), let process = Int32(fields[2]),
                let milliseconds = Int(fields[3])
            else { return nil }
            self.event = String(fields[0])
            self.attempt = attempt
            self.process = process
            self.milliseconds = milliseconds
            self.name = String(fields[4])
        }

        var description: String { "\(self.event) \(self.name) in attempt \(self.attempt)" }
    }

    let path: String
    private let file: GrowingFile<Deed>

    init(path: String) {
        self.path = path
        self.file = GrowingFile(path) { Deed($0) }
    }

    var deeds: [Deed] { self.file.lines }

    /// - Returns: all deeds, when the condition holds for them.
    @discardableResult
    func wait(
        for what: String,
        until condition: ([Deed]) -> Bool
    ) async throws -> [Deed] {
        var deeds: [Deed] = []
        try await Waiting.wait(
            for: what,
            found: { "\(deeds.count) deeds, the last ones: \(deeds.suffix(5))" },
            until: {
                deeds = self.deeds
                return condition(deeds)
            }
        )
        return deeds
    }
}

extension [Journal.Deed] {
    /// The events with which this was done.
    func events(_ name: String) -> Set<String> { Set(self.lazy.filter { $0.name == name }.map(\.event)) }

    func count(_ name: String) -> Int { self.lazy.filter { $0.name == name }.count }

    /// The attempts of an event, as the function was told.
    func attempts(of event: String) -> [Int] { self.filter { $0.event == event }.map(\.attempt) }

    /// The greatest number of `begun` without their `ended` at any time.
    var peak: Int {
        var running = 0
        var peak = 0
        for deed in self {
            running += deed.name == "begun" ? 1 : deed.name == "ended" ? -1 : 0
            peak = Swift.max(peak, running)
        }
        return peak
    }
}
