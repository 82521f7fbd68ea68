import Manifests

/// What the files of `tls:` say at this moment.
///
/// libcurl gets the contents and not the paths. It uses a connection again, and resumes an encrypted session, for every
/// transfer whose settings are equal: by its path a file would be the same after it has been replaced.
struct TLSMaterial: Sendable {
    struct PEM: Sendable {
        let path: String
        let bytes: [UInt8]
    }

    let ca: PEM?
    let certificate: PEM?
    let key: PEM?

    /// Far more than all authorities of the world.
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
            throw TransferRefusal(problem: .tls, words: "the file \(path), which 'tls' names, is of no use: \(error)")
        }
    }
}
