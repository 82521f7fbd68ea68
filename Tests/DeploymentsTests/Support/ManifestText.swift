/// The texts of manifests.
enum ManifestText {
    static func function(_ name: String, bundle: String = "orders", adding lines: String...) -> String {
        """
        apiVersion: warren/v1
        kind: Function
        name: \(name)
        handler: \(bundle)/\(name)
        events: { keys: [order.placed] }
        \(lines.joined(separator: "\n"))

        """
    }
}
