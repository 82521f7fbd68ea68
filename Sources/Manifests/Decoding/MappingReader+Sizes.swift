extension MappingReader {
    /// Reads a size within bounds, in bytes.
    ///
    /// - Returns: `nil` if the key is absent, or if the value is wrong and has been reported.
    func size(_ key: String, in range: ClosedRange<Int>, example: String) -> Int? {
        guard let entry = self.entry(key),
            let text = self.textWithUnit(entry, expected: "a size", remedy: "write it as \(ManifestSize.examples)")
        else { return nil }
        let bytes: Int
        do throws(ManifestSize.Problem) {
            bytes = try ManifestSize.parse(text)
        } catch {
            self.problems.report("'\(key)': \(error)", at: entry.value.location, remedy: error.remedy)
            return nil
        }
        guard range.contains(bytes) else {
            let bounds = (ManifestSize.format(range.lowerBound), ManifestSize.format(range.upperBound))
            self.problems.report(
                "'\(key)' is \(text), and must be from \(bounds.0) to \(bounds.1)",
                at: entry.value.location,
                remedy: "write a size such as \(example)"
            )
            return nil
        }
        return bytes
    }
}
