/// One document of a manifest file, by its `kind`.
package enum Manifest: Sendable, Equatable {
    case function(FunctionManifest)

    /// The only `apiVersion` so far.
    package static let apiVersion = "warren/v1"
    /// The values of `kind` that this version knows.
    package static let kinds = ["Function"]

    /// The manifest's name, unique over all kinds and files.
    package var name: String {
        switch self {
        case .function(let function): function.name
        }
    }

    /// Where the document stands.
    package var source: SourceLocation {
        switch self {
        case .function(let function): function.source
        }
    }
}
