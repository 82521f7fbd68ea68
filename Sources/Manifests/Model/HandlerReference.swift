/// Which function of which bundle serves a manifest, written `bundle/function`.
package struct HandlerReference: Sendable, Hashable, CustomStringConvertible {
    /// The name of an executable in the directory of bundles.
    package let bundle: String
    /// The name under which the bundle registers the function.
    package let function: String

    /// Both parts must already be valid names; `init(_:)` checks a text.
    package init(bundle: String, function: String) {
        self.bundle = bundle
        self.function = function
    }

    /// Reads `bundle/function`.
    ///
    /// - Throws: what is wrong with the text; the decoder reports it at the `handler:` field.
    package init(_ text: String) throws(ManifestName.Problem) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .notBundleAndFunction }
        try ManifestName.check(String(parts[0]))
        try ManifestName.check(String(parts[1]))
        self.init(bundle: String(parts[0]), function: String(parts[1]))
    }

    package var description: String { "\(self.bundle)/\(self.function)" }
}
