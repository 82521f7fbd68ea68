import Manifests

/// Everything a reading depends on, as one look finds it: two equal looks mean that reading again finds the same.
///
/// It follows symbolic links, so that a file counts as changed when what it leads to is another one: that is all that
/// Kubernetes changes when it swaps the `..data` directory of a ConfigMap.
struct Fingerprint: Sendable, Equatable {
    /// The directory's own identity is its device and inode only: files that are no manifests come and go in it.
    private let directory: [UInt]
    /// Whether the directory could be listed.
    private let isListed: Bool
    private let manifests: [String: FileStamp]
    private let references: [String: FileStamp]

    /// Looks now.
    ///
    /// - Parameter references: the files outside the directory that manifests refer to.
    init(manifestDirectory: String, references: Set<String>) {
        self.directory = FileIdentity.find(at: manifestDirectory).map { [$0.device, $0.inode] } ?? []
        let paths = ManifestLoader.paths(in: manifestDirectory)
        self.isListed = paths != nil
        self.manifests = Self.stamps(of: paths ?? [])
        self.references = Self.stamps(of: references)
    }

    /// How many paths were looked at.
    var count: Int { self.manifests.count + self.references.count }

    private static func stamps(of paths: some Sequence<String>) -> [String: FileStamp] {
        var stamps: [String: FileStamp] = [:]
        for path in paths { stamps[path] = FileStamp(of: path) }
        return stamps
    }
}
