/// Fetches the values that a manifest leaves to the host: for a worker's environment, and for a webhook's credentials.
package enum EnvironmentResolution {
    /// The largest file that `fromFile` reads, in bytes.
    package static let maximumFileSize = 64 * 1024

    /// The fields of one manifest that could not be resolved. The host does not start this manifest, and reports the
    /// failure. It names variables and files, never a value.
    package struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        /// The manifest's name.
        package let manifest: String
        /// One line per variable, sorted: what is missing and what to do.
        package let reasons: [String]
        /// Whether one of the files may become readable without a change, see `TransientError`.
        package let isTransient: Bool

        package init(manifest: String, reasons: [String], isTransient: Bool = false) {
            self.manifest = manifest
            self.reasons = reasons
            self.isTransient = isTransient
        }

        package var description: String {
            "the environment of '\(self.manifest)' is incomplete: \(self.reasons.joined(separator: "; "))"
        }
    }

    /// - Parameters:
    ///   - values: the sources of the values, by the names that a failure uses for them.
    ///   - manifest: the manifest's name, for the failure.
    ///   - environment: the host's own environment.
    /// - Returns: the resolved values by name; of the host's environment only the variables that were asked for.
    package static func resolve(
        _ values: [String: ValueSource],
        manifest: String,
        environment: [String: String]
    ) throws(Failure) -> [String: String] {
        var resolved: [String: String] = [:]
        var reasons: [String] = []
        var isTransient = false
        for (name, value) in values.sorted(by: { $0.key < $1.key }) {
            switch value {
            case .literal(let text):
                resolved[name] = text
            case .fromEnvironment(let source):
                guard let text = environment[source] else {
                    reasons.append("\(name) wants the variable \(source), which the host does not have: set it")
                    continue
                }
                resolved[name] = text
            case .fromFile(let path):
                do throws(FileProblem) {
                    resolved[name] = try self.content(of: path)
                } catch {
                    reasons.append("\(name) wants the file \(path.quoted), but \(error.what): \(error.remedy)")
                    isTransient = isTransient || error.isTransient
                }
            }
        }
        guard reasons.isEmpty else {
            throw Failure(manifest: manifest, reasons: reasons, isTransient: isTransient)
        }
        return resolved
    }

    private struct FileProblem: Error {
        let what: String
        let remedy: String
        var isTransient = false
    }

    private static func content(of path: String) throws(FileProblem) -> String {
        let bytes: [UInt8]
        do throws(BoundedFile.Problem) {
            bytes = try BoundedFile.read(path, limit: self.maximumFileSize)
        } catch {
            let remedy = error.isTransient ? TransientError.remedy : "correct the file or the path"
            throw FileProblem(what: "\(error)", remedy: remedy, isTransient: error.isTransient)
        }
        guard var text = String(validating: bytes, as: UTF8.self) else {
            throw FileProblem(what: "it is not valid UTF-8", remedy: "encode the value as text")
        }
        guard !bytes.contains(0) else {
            throw FileProblem(what: "it contains a NUL byte", remedy: "encode the value as text")
        }
        // A carriage return and its line feed are one `Character`, and one newline.
        if let last = text.last, last == "\n" || last == "\r\n" { text.removeLast() }
        return text
    }
}
