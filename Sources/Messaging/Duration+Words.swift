extension Duration {
    /// The duration for people, in logs and errors: `850 µs`, `219 ms`, `1.5 s`, `2 min 5 s`, `3 d 4 h`.
    ///
    /// Below a minute it has at most three significant digits; from a minute on it has at most two units, rounded to
    /// the smaller one. It is the same in every locale. For output that programs read, use a number instead.
    package var words: String {
        let (seconds, attoseconds) = self.components
        let total = Int128(seconds) * Self.attosecondsPerSecond + Int128(attoseconds)
        let words = Self.words(of: total.magnitude)
        return total < 0 && words != Self.none ? "-\(words)" : words
    }

    private static let none = "0 s"
    private static let attosecondsPerSecond: Int128 = 1_000_000_000_000_000_000

    /// The units up to the second: the length of each in attoseconds, and how many of it make the next unit.
    private static let fractions: [(name: String, length: UInt128, next: UInt128)] = [
        ("ns", 1_000_000_000, 1000), ("µs", 1_000_000_000_000, 1000), ("ms", 1_000_000_000_000_000, 1000),
        ("s", 1_000_000_000_000_000_000, 60),
    ]
    /// Pairs of units written together: the smaller one in seconds, and how many of it make the larger one and the next
    /// pair.
    private static let pairs: [(large: String, small: String, length: UInt128, perLarge: UInt128, next: UInt128)] = [
        ("min", "s", 1, 60, 3600), ("h", "min", 60, 60, 1440), ("d", "h", 3600, 24, .max),
    ]

    private static func words(of attoseconds: UInt128) -> String {
        for unit in self.fractions {
            // The rounded number decides on the unit: 999.6 ms is written as 1 s.
            for (decimals, scale) in [(2, UInt128(100)), (1, 10), (0, 1)] {
                let count = self.rounded(attoseconds, to: unit.length / scale)
                guard count < 1000, count < unit.next * scale else { continue }
                return count == 0 ? self.none : "\(self.decimal(count, decimals)) \(unit.name)"
            }
        }
        var words = ""
        for pair in self.pairs {
            let count = self.rounded(attoseconds, to: pair.length * self.attosecondsPerSecond.magnitude)
            let (large, small) = count.quotientAndRemainder(dividingBy: pair.perLarge)
            words = "\(large) \(pair.large)" + (small == 0 ? "" : " \(small) \(pair.small)")
            if count < pair.next { break }
        }
        return words
    }

    private static func rounded(_ value: UInt128, to step: UInt128) -> UInt128 { (value + step / 2) / step }

    /// Writes the number without zeros at its end: 150 with two decimals is `1.5`.
    private static func decimal(_ count: UInt128, _ decimals: Int) -> String {
        let digits = String(count)
        guard decimals > 0 else { return digits }
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let fraction = padded.suffix(decimals)
        let kept = fraction.lastIndex { $0 != "0" }.map { fraction[...$0] } ?? ""
        return padded.dropLast(decimals) + (kept.isEmpty ? "" : ".\(kept)")
    }
}
