import FoundationEssentials

/// A file with a word or a few lines, with which a test says what to do while the server runs.
enum SmallFile {
    /// All of it, without white space around it. Nil when it cannot be read.
    ///
    /// A test has to replace the file by a rename: one that is written in place is empty for a moment.
    static func text(_ path: String) -> String? {
        guard let data = try? Data(contentsOf: URL(filePath: path)) else { return nil }
        let text = String(decoding: data, as: UTF8.self).drop(while: \.isWhitespace)
        return String(text.reversed().drop(while: \.isWhitespace).reversed())
    }
}
