import CLinux
import Glibc

/// The manifest files of a directory, as `ManifestLoader` finds them.
enum ManifestFiles {
    /// Their paths, unsorted; nothing if the directory cannot be listed.
    static func paths(in directory: String) -> [String]? {
        guard let stream = opendir(directory) else { return nil }
        defer { closedir(stream) }
        let prefix = directory.hasSuffix("/") ? directory : directory + "/"
        var paths: [String] = []
        while let entry = readdir(stream) {
            // The name fills the rest of the entry, whose declared size is only an upper bound.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix("."), name.hasSuffix(".yaml") || name.hasSuffix(".yml") { paths.append(prefix + name) }
        }
        return paths
    }
}
