/// Which function of which bundle handles a manifest's events, written `bundle/function` or `bundle@version/function`.
package struct HandlerReference: Sendable, Hashable, CustomStringConvertible {
    /// The name of an executable in the directory of bundles. A version is part of the name: `orders@2` is the
    /// executable `orders@2`, and has nothing to do with `orders`.
    package let bundle: String
    /// The name under which the bundle registers the function.
    package let function: String

    /// Both parts must already be valid names; `init(_:)` checks a text.
    package init(bundle: String, function: String) {
        self.bundle = bundle
        self.function = function
    }

    /// Reads `bundle/function` or `bundle@version/function`.
    ///
    /// - Throws: what is wrong with the text; the decoder reports it at the `handler:` field.
    package init(_ text: String) throws(ManifestName.Problem) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .notBundleAndFunction }
        let bundle = parts[0].split(separator: "@", omittingEmptySubsequences: false)
        guard bundle.count <= 2 else { throw .notBundleAndVersion }
        if bundle.count == 2, bundle.contains(where: \.isEmpty) { throw .notBundleAndVersion }
        guard !parts[1].contains("@") else { throw .versionOfFunction }
        for part in bundle + [parts[1]] { try ManifestName.check(String(part)) }
        self.init(bundle: String(parts[0]), function: String(parts[1]))
    }

    package var description: String { "\(self.bundle)/\(self.function)" }
}
