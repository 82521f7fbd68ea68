/// Where a value that may be a secret comes from: it is written in the manifest, or the host fetches it when it is
/// needed, so that secrets stay out of manifests. A worker's environment variables and a webhook's credentials are such
/// values.
package enum ValueSource: Sendable, Hashable {
    case literal(String)
    /// `{ fromEnv: NAME }`: the host's own variable of that name.
    case fromEnvironment(String)
    /// `{ fromFile: /path }`: the content of a file, without the newline at its end.
    case fromFile(String)
}

extension ValueSource: CustomStringConvertible {
    /// Where the value comes from. A literal is not shown, because it may be a secret, and logs and messages never hold
    /// secrets.
    package var description: String {
        switch self {
        case .literal: "a value in the manifest"
        case .fromEnvironment(let name): "the host's variable \(name)"
        case .fromFile(let path): "the file \(path)"
        }
    }
}
