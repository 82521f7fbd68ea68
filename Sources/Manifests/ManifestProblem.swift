/// One mistake in a manifest: what it is, where it is, and how to correct it.
///
/// Problems are collected, not thrown one by one, so that a user can correct a whole directory in one go. They sort by
/// location, so a sorted list reads like the files. A problem never holds the value of an environment variable.
package struct ManifestProblem: Error, Sendable, Equatable, Comparable, CustomStringConvertible {
    package let location: SourceLocation
    /// What is wrong, without the location: one line, no full stop.
    package let what: String
    /// What the user can do about it: one line, no full stop.
    package let remedy: String
    /// Whether the problem may go away although nobody changes anything, see `TransientError`.
    package let isTransient: Bool

    package init(at location: SourceLocation, what: String, remedy: String, isTransient: Bool = false) {
        self.location = location
        self.what = what
        self.remedy = remedy
        self.isTransient = isTransient
    }

    package var file: String { self.location.file }
    package var line: Int { self.location.line }
    package var column: Int { self.location.column }

    /// `file:line:column: error: what; how to correct it`, the form that editors recognize.
    package var description: String { "\(self.location): error: \(self.what); \(self.remedy)" }

    package static func < (one: Self, other: Self) -> Bool {
        if one.location != other.location { return one.location < other.location }
        return (one.what, one.remedy) < (other.what, other.remedy)
    }
}
