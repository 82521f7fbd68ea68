import FoundationEssentials
import Glibc
import Workers

/// Which bundles there are, and which functions each says it has.
struct BundleCatalog {
    private let options: ManifestOptions

    init(_ options: ManifestOptions) { self.options = options }

    /// Asks the named bundles for their functions; every other executable of the directory is listed too, without
    /// being asked, so that a misspelt name can be mended. A bundle that does not answer like one has no functions.
    func functions(ofBundles wanted: Set<String>) async -> [String: Set<String>] {
        var catalog: [String: Set<String>] = [:]
        let names = (try? FileManager.default.contentsOfDirectory(atPath: self.options.bundleDirectory)) ?? []
        for name in names {
            let path = self.options.executable(ofBundle: name)
            var status = stat()
            // Names with a dot are mostly libraries and resources, but a bundle may have one, and its version often
            // has.
            let isPlain = !name.prefix { $0 != "@" }.contains(".")
            guard wanted.contains(name) || isPlain, name != "warren", stat(path, &status) == 0,
                status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0
            else { continue }
            catalog[name] = wanted.contains(name) ? await BundleInspection.functions(of: path) : []
        }
        return catalog
    }
}
