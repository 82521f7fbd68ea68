/// Suggests what a person who mistyped a word may have meant, and lists the allowed words.
enum Spelling {
    /// The most words in a list: nobody reads a longer line.
    private static let longestList = 12

    /// The known word that the user most likely meant; `nil` if none is similar.
    static func nearest(to word: String, among known: some Collection<String>) -> String? {
        guard let best = self.sorted(known, by: word).first else { return nil }
        if best.lowercased() == word.lowercased() { return best }
        return self.distance(word, best) <= max(1, min(word.count, best.count) / 3) ? best : nil
    }

    /// "did you mean 'x'? label: x, y, z", with the most similar word first.
    static func suggestion(for word: String, among known: some Collection<String>, label: String) -> String {
        let words = self.sorted(known, by: word)
        var list = words.prefix(self.longestList).joined(separator: ", ")
        if words.count > self.longestList { list += " and \(words.count - self.longestList) more" }
        guard let nearest = self.nearest(to: word, among: known) else { return "\(label): \(list)" }
        return "did you mean '\(nearest)'? \(label): \(list)"
    }

    private static func sorted(_ known: some Collection<String>, by word: String) -> [String] {
        known
            .map { (distance: self.distance(word.lowercased(), $0.lowercased()), word: $0) }
            .sorted { ($0.distance, $0.word) < ($1.distance, $1.word) }
            .map(\.word)
    }

    /// The number of insertions, deletions, substitutions and swaps of neighbours that turn one word into the other.
    ///
    /// Source: the optimal string alignment distance (Damerau, 1964). Only the first 64 characters count: names are
    /// short, and hostile ones must not cost time.
    static func distance(_ one: String, _ other: String) -> Int {
        let first = Array(one.prefix(64))
        let second = Array(other.prefix(64))
        guard !first.isEmpty, !second.isEmpty else { return max(first.count, second.count) }
        var beforeLast: [Int] = []
        var last = Array(0...second.count)
        for row in 1...first.count {
            var current = [row]
            for column in 1...second.count {
                let same = first[row - 1] == second[column - 1]
                var best = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + (same ? 0 : 1))
                if row > 1, column > 1, first[row - 1] == second[column - 2], first[row - 2] == second[column - 1] {
                    best = min(best, beforeLast[column - 2] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[second.count]
    }
}
