import Messaging

/// Checks what may be in a header field. libcurl sends headers as they are given to it, so a line break in one would
/// begin another. Source: RFC 9110, section 5.
package enum HTTPField {
    /// Names that other parts of a request decide about, or that Warren writes itself.
    private static let reserved: Set<String> = [
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-authorization", "proxy-connection", "te",
        "trailer", "transfer-encoding", "upgrade", "content-type", "traceparent", "tracestate",
    ]

    package enum Problem: Error, Equatable, CustomStringConvertible {
        case name(String)
        case reserved(String)
        case empty
        case value

        package var description: String {
            switch self {
            case .name(let name): "\(name.quoted) is not a valid name of a header"
            case .reserved(let name): "the header \(name.quoted) is written by Warren itself"
            case .empty: "it is empty"
            case .value: "it contains a line break or another control character, or is over 8 KiB"
            }
        }

        var remedy: String {
            switch self {
            case .name: "use letters, digits and '-'"
            case .reserved: "remove it"
            case .empty: "write a value, or remove the field"
            case .value: "write printable text on one line"
            }
        }
    }

    /// The longest value in bytes, as servers accept it in one field.
    private static let longestValue = 8 << 10

    package static func checkName(_ name: String) throws(Problem) {
        let lowered = name.lowercased()
        guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy(\.isTokenCharacter) else {
            throw .name(name)
        }
        guard !self.reserved.contains(lowered), !lowered.hasPrefix("webhook-"), !lowered.hasPrefix("ce-") else {
            throw .reserved(name)
        }
    }

    package static func checkValue(_ value: String) throws(Problem) {
        guard !value.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { throw .empty }
        let isPrintable = value.utf8.allSatisfy { $0 == 0x09 || (0x20...0x7e).contains($0) || $0 >= 0x80 }
        guard isPrintable, value.utf8.count <= self.longestValue else { throw .value }
    }
}
