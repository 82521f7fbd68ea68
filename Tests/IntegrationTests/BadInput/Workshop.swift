import FoundationEssentials

/// A temporary directory with manifests and bundles, and names on the broker that no other test uses.
final class Workshop: Sendable {
    let directory: String
    let namespace: String
    let exchange: String

    private static let temporary = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"

    var manifests: String { "\(self.directory)/manifests" }
    var bundles: String { "\(self.directory)/bundles" }

    init() throws {
        let suffix = String(UInt64.random(in: 0 ... .max), radix: 36)
        self.directory = "\(Self.temporary)/warren-bad-input-\(suffix)"
        self.namespace = "bad-\(suffix)"
        self.exchange = "events-\(suffix)"
        for path in [self.manifests, self.bundles] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: self.directory) }

    /// Writes a manifest file. `EXCHANGE` in the text stands for this workshop's.
    func write(_ name: String = "functions.yaml", _ text: String) throws {
        try self.write(name, Array(text.replacing("EXCHANGE", with: self.exchange).utf8))
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(filePath: "\(self.manifests)/\(name)"))
    }

    /// Puts one of the built executables among the bundles, under this name.
    func install(_ executable: String, as name: String? = nil) throws {
        try FileManager.default.createSymbolicLink(
            atPath: "\(self.bundles)/\(name ?? executable)",
            withDestinationPath: "\(ObservedCommand.products)/\(executable)"
        )
    }

    /// A manifest's text.
    static func manifest(_ name: String, handler: String, keys: String, more: String = "") -> String {
        """
        apiVersion: warren/v1
        kind: Function
        name: \(name)
        handler: \(handler)
        events:
          exchange: EXCHANGE
          keys: \(keys)
        \(more)

        """
    }

    /// The arguments that point `warren` to this workshop.
    var places: [String] {
        ["--manifests", self.manifests, "--bundles", self.bundles, "--namespace", self.namespace]
    }

    /// Starts a host here.
    func host(_ url: String, _ more: [String] = []) throws -> ObservedCommand {
        try ObservedCommand(["run"] + self.places + more, environment: ["WARREN_BROKER": url])
    }
}
