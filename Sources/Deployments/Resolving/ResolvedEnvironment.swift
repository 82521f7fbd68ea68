/// The environment of a function's workers with the values that it had when the manifest was read.
///
/// Its values are secrets. It is compared by them and handed to workers, and shows names only wherever it is printed.
package enum ResolvedEnvironment: Sendable, Equatable {
    case complete([String: String])
    /// No worker can be started. The reason names variables and files, never a value.
    case incomplete(reason: String)
}

extension ResolvedEnvironment: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        switch self {
        case .complete(let variables): "variables: \(variables.keys.sorted().joined(separator: ", "))"
        case .incomplete(let reason): reason
        }
    }

    package var debugDescription: String { self.description }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
