internal import FoundationEssentials

/// The location of RabbitMQ's own scripts.
///
/// Debian's wrappers in `/usr/sbin` switch to the user `rabbitmq` and refuse everyone else, so the package's own
/// directory is searched first; `PATH` is for other installations.
struct Installation {
    let server: String
    let control: String

    /// The installation that this process would start.
    static func current() throws(LocalBrokerError) -> Installation {
        try self.find(
            searchPath: ProcessInfo.processInfo.environment["PATH"] ?? "",
            isExecutable: FileManager.default.isExecutableFile
        )
    }

    /// - Parameters:
    ///   - searchPath: the value of `PATH`.
    ///   - isExecutable: whether the file system has an executable file at a path.
    static func find(
        searchPath: String,
        isExecutable: (String) -> Bool
    ) throws(LocalBrokerError) -> Installation {
        let directories = Self.packageDirectories + searchPath.split(separator: ":").map(String.init)
        for directory in directories {
            let found = Installation(server: "\(directory)/rabbitmq-server", control: "\(directory)/rabbitmqctl")
            if isExecutable(found.server), isExecutable(found.control) { return found }
        }
        throw .notInstalled(searched: Self.packageDirectories + ["PATH"])
    }

    private static var packageDirectories: [String] {
        let library = "/usr/lib/rabbitmq/lib"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: library)) ?? []
        return ["/usr/lib/rabbitmq/bin"]
            + versions.filter { $0.hasPrefix("rabbitmq_server-") }.sorted().map { "\(library)/\($0)/sbin" }
    }
}
