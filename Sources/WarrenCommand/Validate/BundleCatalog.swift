import FoundationEssentials
import Glibc
import Workers

/// Lists the bundles in the bundle directory, and the functions of each.
struct BundleCatalog {
    private let options: ManifestOptions

    init(_ options: ManifestOptions) { self.options = options }

    /// Asks the named bundles for their functions. All other executables in the directory are listed, too, but not
    /// asked, so that the message about a misspelled name can suggest them. A program that does not answer like a
    /// bundle has no functions.
    func functions(ofBundles wanted: Set<String>) async -> [String: Set<String>] {
        var catalog: [String: Set<String>] = [:]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.options.bundleDirectory)) ?? []
        for name in names {
            let path = self.options.executable(ofBundle: name)
            var status = stat()
            // A name with a dot is usually a library or a resource, although a bundle may have one, and its version
            // often has.
            let isPlain = !name.prefix { $0 != "@" }.contains(".")
            guard wanted.contains(name) || isPlain, name != "warren", stat(path, &status) == 0,
                status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0
            else { continue }
            catalog[name] = wanted.contains(name) ? await BundleInspection.functions(of: path) : []
        }
        return catalog
    }
}
