import Foundation

/// The rows of the result table: each figure, and its budget if Warren promises one.
struct BudgetTable {
    private struct Row {
        let what: String
        let value: String
        let budget: String
        let isMet: Bool?
    }

    private var rows: [Row] = []

    /// Adds a figure without a budget.
    mutating func add(_ what: String, _ value: String) {
        self.rows.append(Row(what: what, value: value, budget: "", isMet: nil))
    }

    mutating func add(_ what: String, _ value: Double, _ unit: String, atMost budget: Double) {
        self.rows.append(
            Row(
                what: what,
                value: "\(Self.format(value))\(unit)",
                budget: "≤ \(Self.format(budget))\(unit)",
                isMet: value <= budget
            )
        )
    }

    mutating func add(_ what: String, _ value: Double, _ unit: String, atLeast budget: Double) {
        self.rows.append(
            Row(
                what: what,
                value: "\(Self.format(value))\(unit)",
                budget: "≥ \(Self.format(budget))\(unit)",
                isMet: value >= budget
            )
        )
    }

    static func format(_ value: Double) -> String {
        value >= 100 ? String(format: "%.0f", value) : String(format: "%.2f", value)
    }

    /// A Markdown table, aligned so that it is readable as plain text.
    var text: String {
        let header = Row(what: "measured", value: "median", budget: "budget", isMet: nil)
        let all = [header] + self.rows
        let widths = [
            all.map(\.what.count).max() ?? 0, all.map(\.value.count).max() ?? 0,
            all.map(\.budget.count).max() ?? 0,
        ]
        func line(_ row: Row) -> String {
            let verdict = row.isMet.map { $0 ? "met" : "not met" } ?? ""
            let cells = zip([row.what, row.value, row.budget], widths).map { text, width in
                text + String(repeating: " ", count: width - text.count)
            }
            return "| \(cells.joined(separator: " | ")) | \(verdict) |"
        }
        let rule = "|" + widths.map { String(repeating: "-", count: $0 + 2) }.joined(separator: "|") + "|---|"
        return ([line(header), rule] + self.rows.map(line)).joined(separator: "\n")
    }
}

extension [Double] {
    /// The median; of an even number of values, the higher of the two in the middle.
    var median: Double { self.isEmpty ? .nan : self.sorted()[self.count / 2] }

    func percentile(_ share: Double) -> Double {
        guard !self.isEmpty else { return .nan }
        let sorted = self.sorted()
        return sorted[Swift.min(sorted.count - 1, Int(Double(sorted.count) * share))]
    }
}
