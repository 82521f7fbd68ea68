import Glibc
import Messaging

/// The address of an endpoint, in a form that every URL parser understands in the same way.
///
/// Parsers disagree about the odd corners of URLs, and a check is useless if it reads one host while the client
/// connects to another. So only a plain subset is accepted: no user and password, no fragment, only ASCII, and a host
/// that is a name, an IPv4 address in plain decimal, or an IPv6 address in brackets.
///
/// Source: RFC 3986; the subset leaves out what RFC 3986 and the WHATWG's URL standard read differently.
package struct WebhookURL: Sendable, Hashable {
    package enum Scheme: String, Sendable {
        case http
        case https
    }

    package static let maximumLength = 2048

    package let scheme: Scheme
    /// In lower case, an IPv6 address without its brackets.
    package let host: String
    package let port: Int
    /// The whole address as the client uses it. Its query may hold a secret: never print it.
    package let text: String
    private let path: String

    package enum Problem: Error, Equatable, CustomStringConvertible {
        case tooLong
        case scheme
        case credentials
        case fragment
        case character
        case percent
        case host(String)
        /// A number that some parsers read as an address in octal, in hexadecimal, or with fewer than four parts.
        case numericHost
        case port

        package var description: String {
            switch self {
            case .tooLong: "the address has more than \(WebhookURL.maximumLength) characters"
            case .scheme: "the address begins with neither https:// nor http://"
            case .credentials: "the address holds a user or password"
            case .fragment: "the address has a fragment ('#'), which is never sent"
            case .character: "the address contains a character that must be percent-encoded"
            case .percent: "the address contains a '%' without two hexadecimal digits"
            case .host(let host): host.isEmpty ? "the address has no host" : "\(host.quoted) is not a host"
            case .numericHost: "the host is a number, but not an IPv4 address in plain decimal"
            case .port: "the port is not a number from 1 to 65535"
            }
        }

        var remedy: String {
            switch self {
            case .tooLong: "shorten it"
            case .scheme: "write it as in https://example.com/hooks"
            case .credentials: "give them with 'auth: { basic: … }'"
            case .fragment: "remove it"
            case .character, .percent: "percent-encode it, and write an international host in its 'xn--' form"
            case .host: "write a name, such as example.com, an IPv4 address, or an IPv6 address in brackets"
            case .numericHost: "write four numbers from 0 to 255, without leading zeros"
            case .port: "write it as in https://example.com:8443/hooks"
            }
        }
    }

    package init(_ text: String) throws(Problem) {
        guard text.utf8.count <= Self.maximumLength else { throw .tooLong }
        let lowered = text.prefix(8).lowercased()
        let scheme: Scheme = lowered.hasPrefix("https://") ? .https : .http
        guard lowered.hasPrefix("\(scheme.rawValue)://") else { throw .scheme }
        let rest = text.dropFirst(scheme.rawValue.count + 3)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let target = rest.dropFirst(authority.count)
        guard !authority.contains("@") else { throw .credentials }
        guard !target.contains("#") else { throw .fragment }
        try Self.checkCharacters(target)
        let (host, port) = try Self.split(authority)
        self.scheme = scheme
        self.host = try Self.checked(host)
        self.port = try port.map { port throws(Problem) in try Self.port(port) } ?? (scheme == .https ? 443 : 80)
        self.path = String(target.prefix { $0 != "?" })
        self.text = "\(scheme.rawValue)://\(authority.lowercased())\(target.hasPrefix("/") ? "" : "/")\(target)"
    }

    private static func checkCharacters(_ target: Substring) throws(Problem) {
        var bytes = Array(target.utf8)[...]
        while let byte = bytes.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                let digits = bytes.prefix(2)
                guard digits.count == 2, digits.allSatisfy(\.isHexadecimalDigit) else { throw .percent }
            case 0...0x20, 0x7f..., UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\\"),
                UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
                throw .character
            default: continue
            }
        }
    }

    private static func split(_ authority: Substring) throws(Problem) -> (host: Substring, port: Substring?) {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw .host(String(authority)) }
            let rest = authority[authority.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { throw .host(String(authority)) }
            return (authority[...end], rest.isEmpty ? nil : rest.dropFirst())
        }
        guard let colon = authority.firstIndex(of: ":") else { return (authority, nil) }
        return (authority[..<colon], authority[authority.index(after: colon)...])
    }

    private static func port(_ text: Substring) throws(Problem) -> Int {
        guard text.count <= 5, text.utf8.allSatisfy(\.isDecimalDigit), let port = Int(text),
            (1...65_535).contains(port)
        else { throw .port }
        return port
    }

    private static func checked(_ host: Substring) throws(Problem) -> String {
        if host.hasPrefix("[") {
            let inner = String(host.dropFirst().dropLast())
            var address = in6_addr()
            guard !inner.utf8.contains(0), inet_pton(AF_INET6, inner, &address) == 1 else { throw .host(String(host)) }
            return inner.lowercased()
        }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let isName = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.utf8.allSatisfy(Self.isAllowedInName)
        }
        guard isName, host.utf8.count <= 253, let last = labels.last else { throw .host(String(host)) }
        // Some parsers read any host that ends in a number as an address, in whatever base.
        if last.first?.isNumber == true {
            var address = in_addr()
            let isPlain = labels.count == 4 && labels.allSatisfy { $0 == "0" || !$0.hasPrefix("0") }
            guard isPlain, inet_pton(AF_INET, String(host), &address) == 1 else { throw .numericHost }
        }
        return host.lowercased()
    }

    /// Letters, digits, '-' and '_'. The standard does not allow '_' in hosts, but many existing hosts have it.
    private static func isAllowedInName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

extension WebhookURL {
    /// Whether the host is this machine, whatever name servers say: a loopback address, or a name that always resolves
    /// to one (RFC 6761, section 6.3).
    var isLoopback: Bool {
        var v4 = in_addr()
        var v6 = in6_addr()
        if inet_pton(AF_INET, self.host, &v4) == 1 { return UInt32(bigEndian: v4.s_addr) >> 24 == 127 }
        if inet_pton(AF_INET6, self.host, &v6) == 1 {
            return withUnsafeBytes(of: v6) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
        }
        return self.host == "localhost" || self.host.hasSuffix(".localhost")
    }

    /// The query and the values in it, which may be secrets.
    var queryTexts: [String] {
        guard let mark = self.text.firstIndex(of: "?") else { return [] }
        let query = self.text[self.text.index(after: mark)...]
        let values = query.split(separator: "&").compactMap { $0.split(separator: "=", maxSplits: 1).last }
        return ([query] + values).filter { !$0.isEmpty }.map(String.init)
    }
}

extension WebhookURL: CustomStringConvertible {
    /// The address without the query, which may hold a secret.
    package var description: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        let standard = self.scheme == .https ? 443 : 80
        return "\(self.scheme.rawValue)://\(host)\(self.port == standard ? "" : ":\(self.port)")\(self.path)"
    }
}
