import Messaging

/// Removes a webhook's secrets from what an endpoint answers. Some endpoints echo the request, and answers end up in
/// logs and dead letters.
package struct Redaction: Sendable {
    package static let mark = "[redacted]"
    /// Shorter secrets are not redacted, because they would match parts of ordinary words.
    private static let shortest = 4

    private let secrets: [[UInt8]]
    /// How many bytes of an answer must be kept so that the excerpt has its full length after redaction.
    package let captureLimit: Int

    package init(_ secrets: [String]) {
        // The longest first: one may contain another.
        self.secrets = secrets.map { Array($0.utf8) }.filter { $0.count >= Self.shortest }.sorted {
            $0.count > $1.count
        }
        self.captureLimit = EndpointAnswer.longestExcerpt + (self.secrets.first?.count ?? 0)
    }

    package func adding(_ secret: String) -> Redaction {
        Redaction(self.secrets.map { String(decoding: $0, as: UTF8.self) } + [secret])
    }

    package func clean(_ text: String) -> String { self.clean(Array(text.utf8), isTruncated: false) }

    /// - Parameter isTruncated: whether the bytes were cut off, possibly in the middle of a secret.
    package func clean(_ bytes: [UInt8], isTruncated: Bool) -> String {
        var output: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.first {
            // Checked first, because a complete secret may also be the beginning of a longer one that was cut off.
            if isTruncated, self.secrets.contains(where: { $0.count > rest.count && $0.starts(with: rest) }) { break }
            if let secret = self.secrets.first(where: { rest.starts(with: $0) }) {
                output.append(contentsOf: Self.mark.utf8)
                rest = rest.dropFirst(secret.count)
            } else {
                output.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: output, as: UTF8.self).prefix(bytes: EndpointAnswer.longestExcerpt)
    }
}
