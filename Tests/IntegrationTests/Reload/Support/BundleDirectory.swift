import FoundationEssentials
import Glibc
import Waiting

/// A directory of bundles of one test.
///
/// Each installation is a file of its own, for the identity of a build is that of its file. All are installed by
/// rename, because the kernel lets nobody write to a file that is being executed.
struct BundleDirectory {
    let path: String
    private let good: [UInt8]

    init(_ bed: TestBed) throws {
        self.path = "\(bed.directory)/bundles"
        self.good = [UInt8](try Data(contentsOf: URL(filePath: "\(WarrenProcess.directory)/test-functions")))
        try FileManager.default.createDirectory(atPath: self.path, withIntermediateDirectories: true)
    }

    /// What is put at a bundle's place.
    enum Content {
        /// Another build of the test bundle.
        case good
        /// The first quarter of it: what follows is more than debug information, which nobody would miss.
        case truncated
        case script(String)
        case notExecutable
        /// `evil-worker`, which does what the bundle's name says, or exits.
        case evil
    }

    func install(_ content: Content, as name: String) throws {
        let place = "\(self.path)/\(name)"
        switch content {
        case .good: try write(self.good, to: place, .renaming, mode: 0o755)
        case .truncated: try write(self.good.prefix(self.good.count / 4), to: place, .renaming, mode: 0o755)
        case .script(let text): try write(text.utf8, to: place, .renaming, mode: 0o755)
        case .notExecutable: try write(self.good, to: place, .renaming, mode: 0o644)
        case .evil:
            let bytes = try Data(contentsOf: URL(filePath: "\(WarrenProcess.directory)/evil-worker"))
            try write(bytes, to: place, .renaming, mode: 0o755)
        }
    }

    /// Which build is at the place of a bundle now.
    func build(_ name: String) -> [UInt]? { ProcessFacts.file("\(self.path)/\(name)") }
}

extension HostProcess {
    /// Waits until the one worker of a function executes the build.
    @discardableResult
    func runs(_ function: String, build: [UInt]?) async throws -> pid_t {
        var workers: [ProcessFacts] = []
        try await Waiting.wait(
            for: "worker of \(function) of the build \(build ?? [])",
            found: {
                let found = workers.map { "\($0.process): \($0.executable ?? [])" }
                return "\(found)\n" + self.log.suffix(20).map { "\($0.fields)" }.joined(separator: "\n")
            },
            until: {
                workers = self.workers(of: function)
                return workers.count == 1 && workers[0].executable == build
            }
        )
        return workers[0].process
    }
}
