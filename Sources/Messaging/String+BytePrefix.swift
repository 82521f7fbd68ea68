extension String {
    /// As much of the beginning as fits into the given number of bytes, cut between Unicode scalars so that it stays
    /// valid UTF-8.
    package func prefix(bytes: Int) -> String {
        guard self.utf8.count > bytes else { return self }
        var end = self.utf8.index(self.startIndex, offsetBy: bytes)
        while String.Index(end, within: self.unicodeScalars) == nil { end = self.utf8.index(before: end) }
        return String(self.unicodeScalars[..<end])
    }
}
