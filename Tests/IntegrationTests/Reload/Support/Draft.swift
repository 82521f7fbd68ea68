import Glibc

/// A manifest as a test writes it, over and over.
///
/// Its workers find the function's name and the version in their environment, by which the test knows them.
struct Draft: Sendable {
    let name: String
    var handler: String
    var keys = ["work"]
    /// Every other one is another version of the function.
    var version = 1
    /// Further variables, each a line of YAML.
    var environment: [String] = []
    /// Further lines of YAML.
    var settings = ""

    /// - Parameter handler: of the test bundle; the function of the same name unless another is given.
    init(_ name: String, handler: String? = nil) {
        self.name = name
        self.handler = handler ?? "test-functions/\(name)"
    }

    func with(_ change: (inout Draft) -> Void) -> Draft {
        var draft = self
        change(&draft)
        return draft
    }

    func text(for bed: TestBed) -> String {
        """
        apiVersion: warren/v1
        kind: Function
        name: \(self.name)
        handler: \(self.handler)
        events:
          exchange: \(bed.exchange)
          keys: \(self.keys)
        env:
          JOURNAL: \(bed.journal.path)
          FUNCTION: \(self.name)
          VERSION: "\(self.version)"
        \(self.environment.map { "  \($0)" }.joined(separator: "\n"))
        \(self.settings)

        """
    }
}

/// How a file is written.
enum WritingWay: Sendable {
    /// Beside its place and then over it, as deploy tools and most editors do.
    case renaming
    /// Over what is there, as `cat >` does.
    case inPlace
}

/// Writes a file anew.
func write(_ bytes: some Sequence<UInt8>, to path: String, _ way: WritingWay, mode: mode_t = 0o644) throws {
    let place = way == .renaming ? "\(path).new" : path
    let file = open(place, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard file >= 0 else { throw FileFailure(path: place, code: errno) }
    let bytes = Array(bytes)
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
        guard count > 0 else { break }
        written += count
    }
    let code = errno
    close(file)
    guard written == bytes.count else { throw FileFailure(path: place, code: code) }
    guard way == .renaming else { return }
    guard rename(place, path) == 0 else { throw FileFailure(path: path, code: errno) }
}

struct FileFailure: Error {
    let path: String
    let code: Int32
}

extension TestBed {
    /// The file of a manifest of which nothing else is said.
    func file(_ function: String) -> String { "\(self.manifests)/\(function).yaml" }

    /// Writes manifests into one file, named after the first.
    func put(_ drafts: Draft..., way: WritingWay = .renaming) throws {
        let text = drafts.map { $0.text(for: self) }.joined(separator: "---\n")
        try write(text.utf8, to: self.file(drafts[0].name), way)
    }

    /// Takes a manifest file away.
    func withdraw(_ function: String) throws {
        guard unlink(self.file(function)) == 0 else { throw FileFailure(path: self.file(function), code: errno) }
    }
}
