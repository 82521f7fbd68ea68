/// One thing that is wrong with a manifest, where it is, and how to mend it.
///
/// Problems are collected, never thrown one by one: a user mends a whole directory in one go. The order is that of
/// the places, so a sorted list reads like the files. No problem ever holds the value of an environment variable.
package struct ManifestProblem: Error, Sendable, Equatable, Comparable, CustomStringConvertible {
    package let location: SourceLocation
    /// What is wrong, without the place: one line, no full stop.
    package let what: String
    /// What the user can do about it: one line, no full stop.
    package let remedy: String
    /// Whether it may go away although nobody changes anything, see `PassingError`.
    package let isPassing: Bool

    package init(at location: SourceLocation, what: String, remedy: String, isPassing: Bool = false) {
        self.location = location
        self.what = what
        self.remedy = remedy
        self.isPassing = isPassing
    }

    package var file: String { self.location.file }
    package var line: Int { self.location.line }
    package var column: Int { self.location.column }

    /// `file:line:column: error: what; how to mend it`, the form that editors recognise.
    package var description: String { "\(self.location): error: \(self.what); \(self.remedy)" }

    package static func < (one: Self, other: Self) -> Bool {
        if one.location != other.location { return one.location < other.location }
        return (one.what, one.remedy) < (other.what, other.remedy)
    }
}
