extension MappingReader {
    /// Reads a duration above zero and up to `longest`.
    ///
    /// - Parameter reason: why a longer duration is refused, as the end of a message.
    /// - Returns: the default if the key is absent, or if the value is wrong and has been reported.
    func duration(
        _ key: String,
        atMost longest: Duration,
        because reason: String,
        default standard: Duration
    ) -> Duration {
        guard let entry = self.entry(key), let (duration, text) = self.parsedDuration(entry) else { return standard }
        guard duration > .zero else {
            self.problems.report(
                "'\(key)' must be longer than zero",
                at: entry.value.location,
                remedy: "write a duration such as \(ManifestDuration.format(standard))"
            )
            return standard
        }
        guard duration <= longest else {
            self.problems.report(
                "'\(key)' is \(text), and at most \(ManifestDuration.format(longest)) is possible: \(reason)",
                at: entry.value.location,
                remedy: "shorten it"
            )
            return standard
        }
        return duration
    }

    /// Reads a duration within bounds.
    ///
    /// - Returns: `nil` if the key is absent, or if the value is wrong and has been reported.
    func duration(_ key: String, in range: ClosedRange<Duration>, example: String) -> Duration? {
        guard let entry = self.entry(key), let (duration, text) = self.parsedDuration(entry) else { return nil }
        guard range.contains(duration) else {
            let bounds = (ManifestDuration.format(range.lowerBound), ManifestDuration.format(range.upperBound))
            self.problems.report(
                "'\(key)' is \(text), and must be from \(bounds.0) to \(bounds.1)",
                at: entry.value.location,
                remedy: "write a duration such as \(example)"
            )
            return nil
        }
        return duration
    }

    /// Like the method above, with a default for a key that is absent or wrong.
    func duration(_ key: String, in range: ClosedRange<Duration>, default standard: Duration) -> Duration {
        self.duration(key, in: range, example: ManifestDuration.format(standard)) ?? standard
    }

    /// Reads a duration of whole seconds within bounds.
    ///
    /// - Returns: `nil` if the key is absent, or if the value is wrong and has been reported.
    func wholeSeconds(_ key: String, in range: ClosedRange<Duration>, example: String) -> Duration? {
        guard let entry = self.entry(key), let duration = self.duration(key, in: range, example: example) else {
            return nil
        }
        guard duration.components.attoseconds == 0 else {
            self.problems.report(
                "'\(key)' must be whole seconds, found \(ManifestDuration.format(duration))",
                at: entry.value.location,
                remedy: "write a duration such as \(example)"
            )
            return nil
        }
        return duration
    }

    private func parsedDuration(_ entry: YAMLEntry) -> (Duration, text: String)? {
        guard
            let text = self.textWithUnit(
                entry,
                expected: "a duration",
                remedy: "write it as \(ManifestDuration.examples)"
            )
        else { return nil }
        do throws(ManifestDuration.Problem) {
            return (try ManifestDuration.parse(text), text)
        } catch {
            self.problems.report(
                "'\(entry.key)': \(error)",
                at: entry.value.location,
                remedy: "write it as \(ManifestDuration.examples)"
            )
            return nil
        }
    }
}
