/// Reads `tls:`, which names the files for a webhook's connections.
struct TLSDecoder {
    let document: MappingReader

    /// - Parameter isEncrypted: whether the webhook's address is `https`.
    func decode(isEncrypted: Bool) -> TLSFiles {
        guard let reader = self.document.mapping("tls", allowed: ["ca", "certificate", "key"]) else {
            return TLSFiles()
        }
        let files = TLSFiles(
            ca: reader.entry("ca").flatMap(reader.absolutePath),
            certificate: reader.entry("certificate").flatMap(reader.absolutePath),
            key: reader.entry("key").flatMap(reader.absolutePath)
        )
        if (reader.entry("certificate") == nil) != (reader.entry("key") == nil) {
            self.document.problems.report(
                "'certificate' and 'key' belong together",
                at: reader.location,
                remedy: "name both files, or neither"
            )
        }
        if !isEncrypted {
            self.document.problems.report(
                "'tls' has no use for an http:// address",
                at: reader.location,
                remedy: "write https:// in 'url', or remove 'tls'"
            )
        }
        return files
    }
}
