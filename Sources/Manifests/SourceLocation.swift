/// A location in a manifest file, printed as `file:line:column`.
package struct SourceLocation: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The file's path as the user gave it, so that a terminal or an editor can open it.
    package let file: String
    /// Counted from 1.
    package let line: Int
    /// Counted from 1, in Unicode scalars, as YAML parsers count.
    package let column: Int

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    /// The location of a problem that concerns a file as a whole.
    package static func start(of file: String) -> Self {
        Self(file: file, line: 1, column: 1)
    }

    package var description: String { "\(self.file):\(self.line):\(self.column)" }

    package static func < (one: Self, other: Self) -> Bool {
        (one.file, one.line, one.column) < (other.file, other.line, other.column)
    }
}
