/// Reads `tls:`, the files for a webhook's connections.
struct TLSDecoder {
    let document: MappingReader

    /// - Parameter isEncrypted: the webhook's address is `https`.
    func decode(isEncrypted: Bool) -> TLSFiles {
        guard let reader = self.document.mapping("tls", allowed: ["ca", "certificate", "key"]) else {
            return TLSFiles()
        }
        let files = TLSFiles(
            ca: self.path("ca", in: reader),
            certificate: self.path("certificate", in: reader),
            key: self.path("key", in: reader)
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

    private func path(_ key: String, in reader: MappingReader) -> String? {
        guard let entry = reader.entry(key), let path = reader.text(of: entry.value, subject: "'\(key)'") else {
            return nil
        }
        guard path.hasPrefix("/"), !path.unicodeScalars.contains("\0") else {
            self.document.problems.report(
                "'\(key)' must be an absolute path",
                at: entry.value.location,
                remedy: "start it with '/': the host's working directory is nobody's promise"
            )
            return nil
        }
        return path
    }
}
