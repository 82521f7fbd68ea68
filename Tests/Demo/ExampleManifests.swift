import Foundation

/// The repository's manifests, in a directory of their own where the partner's address is the demonstration's.
struct ExampleManifests {
    /// As in `manifests/orders.yaml`.
    static let secret = "whsec_ZXhhbXBsZS1zZWNyZXQtb2YtdGhlLW9yZGVycw=="
    private static let address = "http://127.0.0.1:8484/"

    let directory: String

    init(partnerPort: Int) throws {
        let files = FileManager.default
        self.directory = files.temporaryDirectory.path + "/warren-demo-\(UUID().uuidString)"
        try files.createDirectory(atPath: self.directory, withIntermediateDirectories: true)
        for name in try files.contentsOfDirectory(atPath: "manifests") where name.hasSuffix(".yaml") {
            let text = try String(contentsOfFile: "manifests/\(name)", encoding: .utf8)
            try text.replacingOccurrences(of: Self.address, with: "http://127.0.0.1:\(partnerPort)/")
                .write(toFile: "\(self.directory)/\(name)", atomically: true, encoding: .utf8)
        }
    }

    func remove() { try? FileManager.default.removeItem(atPath: self.directory) }
}
