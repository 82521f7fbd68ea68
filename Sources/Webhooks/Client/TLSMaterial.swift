import Manifests

/// The contents of the files that `tls:` names, read now.
///
/// libcurl gets the contents instead of the paths. It reuses connections and TLS sessions between transfers whose
/// settings are equal, and a path stays equal when the file behind it is replaced.
struct TLSMaterial: Sendable {
    struct PEM: Sendable {
        let path: String
        let bytes: [UInt8]
    }

    let ca: PEM?
    let certificate: PEM?
    let key: PEM?

    /// The largest file that is read, in bytes: far more than the certificates of all public authorities need.
    private static let limit = 4 << 20

    init(reading files: TLSFiles) throws(TransferRefusal) {
        self.ca = try Self.read(files.ca)
        self.certificate = try Self.read(files.certificate)
        self.key = try Self.read(files.key)
    }

    private static func read(_ path: String?) throws(TransferRefusal) -> PEM? {
        guard let path else { return nil }
        do throws(BoundedFile.Problem) {
            return PEM(path: path, bytes: try BoundedFile.read(path, limit: self.limit))
        } catch {
            throw TransferRefusal(problem: .tls, words: "the file \(path), which 'tls' names, cannot be used: \(error)")
        }
    }
}
