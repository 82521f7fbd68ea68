package import Manifests

/// A webhook with the secrets and files that it had when its manifest was read.
package struct ResolvedWebhook: Sendable, Equatable {
    package enum Credentials: Sendable, Equatable {
        case complete(WebhookCredentials)
        /// Nothing can be delivered. The reason names variables and files, never a value.
        case incomplete(reason: String)
    }

    package let manifest: WebhookManifest
    package let credentials: Credentials
    /// What a file of it could not be read for may be over the next time, see `TransientError`.
    let hasFailedTransiently: Bool
    /// Which files `tls` names at this moment: libcurl reads them, and another file is another version.
    private let files: [FileStamp]

    /// - Parameter environment: the host's own, for `fromEnv`.
    package init(_ manifest: WebhookManifest, environment: [String: String]) {
        self.manifest = manifest
        self.files = manifest.tls.paths.map { FileStamp(of: $0) }
        let errors = self.files.compactMap(\.error)
        guard errors.isEmpty else {
            let missing = zip(manifest.tls.paths, self.files).filter { $0.1.error != nil }.map(\.0)
            let names = missing.joined(separator: ", ")
            let isTransient = errors.contains(where: TransientError.isOne)
            let remedy = isTransient ? TransientError.remedy : "put it there"
            self.credentials = .incomplete(reason: "there is no file \(names), which 'tls' names: \(remedy)")
            self.hasFailedTransiently = isTransient
            return
        }
        do throws(EnvironmentResolution.Failure) {
            let values = try EnvironmentResolution.resolve(
                manifest.values,
                manifest: manifest.name,
                environment: environment
            )
            self.credentials = Self.credentials(manifest, values)
            self.hasFailedTransiently = false
        } catch {
            self.credentials = .incomplete(reason: "\(error)")
            self.hasFailedTransiently = error.isTransient
        }
    }

    private static func credentials(_ manifest: WebhookManifest, _ values: [String: String]) -> Credentials {
        do throws(WebhookCredentials.Problem) {
            return .complete(try WebhookCredentials(manifest, values: values))
        } catch {
            return .incomplete(reason: "\(error)")
        }
    }

    package var obstacle: String? {
        switch self.credentials {
        case .complete: nil
        case .incomplete(let reason): reason
        }
    }
}
