import Foundation

/// The settings in which the measured webhooks differ.
struct BenchWebhook {
    let name: String
    let url: String
    let key: String
    let concurrency: Int
    var timeout = "30s"

    var queue: String { "warren.\(self.name)" }

    /// Each has a secret, because signing is part of the cost of a delivery.
    var manifest: String {
        """
        apiVersion: warren/v1
        kind: Webhook
        name: \(self.name)
        url: \(self.url)
        events: { exchange: bench, keys: [\(self.key)] }
        concurrency: \(self.concurrency)
        timeout: \(self.timeout)
        secret: whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=

        """
    }
}

extension WorkDirectory {
    /// Writes a manifest for each webhook to a new directory, and returns the directory.
    func manifests(_ webhooks: [BenchWebhook], named name: String) throws -> String {
        let directory = "\(self.path)/webhooks-\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        for webhook in webhooks {
            try webhook.manifest.write(
                toFile: "\(directory)/\(webhook.name).yaml",
                atomically: true,
                encoding: .utf8
            )
        }
        return directory
    }
}
