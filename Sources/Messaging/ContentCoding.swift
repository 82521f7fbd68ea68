/// How the body of a message is compressed, according to its AMQP property `content-encoding`.
///
/// The property has the values of HTTP's `Content-Encoding` (RFC 9110, section 8.4): names of codings in any letter
/// case, as a list when there are several. But many publishers write the name of a character set or of a transfer
/// encoding there (kombu always writes `utf-8` or `binary`). Such a name says nothing about compression, and neither
/// does a text that is not a list of names, so both read as `none`.
package enum ContentCoding: Sendable, Hashable {
    /// The body is not compressed.
    case none
    case gzip
    /// The zlib format (RFC 1950), as HTTP means it.
    case deflate
    /// Brotli.
    case br
    case zstd
    /// A coding that the runtime does not know, or several codings: their names in lower case, in the order in which
    /// they were applied, separated by a comma and a space.
    case unknown(String)

    /// - Parameter property: the text of the property; empty when the message has none.
    package init(_ property: String) {
        var names: [String] = []
        // RFC 9110, section 5.6.1.2: empty elements of a list are ignored.
        for element in property.lowercased().utf8.split(separator: UInt8(ascii: ",")) {
            guard let name = Self.trimmed(element) else { continue }
            guard name.utf8.allSatisfy(\.isTokenCharacter) else {
                self = .none
                return
            }
            if !Self.isIdentity(name) { names.append(Self.canonical(name)) }
        }
        switch names.first {
        case nil: self = .none
        case "gzip" where names.count == 1: self = .gzip
        case "deflate" where names.count == 1: self = .deflate
        case "br" where names.count == 1: self = .br
        case "zstd" where names.count == 1: self = .zstd
        case _?: self = .unknown(names.joined(separator: ", "))
        }
    }

    /// The value of HTTP's `Content-Encoding` header; `nil` for `none`, which has no such header.
    package var fieldValue: String? {
        switch self {
        case .none: nil
        case .gzip: "gzip"
        case .deflate: "deflate"
        case .br: "br"
        case .zstd: "zstd"
        case .unknown(let names): names
        }
    }

    /// The element without the spaces around it, which a list may have; `nil` when nothing is left.
    private static func trimmed(_ element: Substring.UTF8View) -> String? {
        func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        let start = element.drop(while: isSpace)
        guard let last = start.lastIndex(where: { !isSpace($0) }) else { return nil }
        return String(start[...last])
    }

    /// Whether the name does not mean a compression. `identity` is no coding (RFC 9110, section 8.4.1). The others are
    /// names of transfer encodings (RFC 2045, section 6) and of character sets; no coding has such a name.
    private static func isIdentity(_ name: String) -> Bool {
        switch name {
        case "identity", "none", "7bit", "8bit", "binary", "ascii", "us-ascii", "latin1", "latin-1": true
        default: ["utf-", "utf8", "utf16", "utf32", "iso-8859-", "windows-125"].contains { name.hasPrefix($0) }
        }
    }

    /// The current name for an old one (RFC 9110, sections 8.4.1.1 and 8.4.1.3).
    private static func canonical(_ name: String) -> String {
        switch name {
        case "x-gzip": "gzip"
        case "x-compress": "compress"
        default: name
        }
    }
}

extension Delivery {
    /// How the body is compressed, as the publisher says.
    package func contentCoding(_ layout: PropertyLayout) -> ContentCoding {
        ContentCoding(self.bytes.text(layout.contentEncoding) ?? "")
    }
}
