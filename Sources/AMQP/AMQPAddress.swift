/// Where a broker is and how to log in: an `amqp://` or `amqps://` URI.
///
/// Source: the RabbitMQ URI specification and its query parameters (`heartbeat`, `connection_timeout`, `cacertfile`,
/// `certfile`, `keyfile`, `auth_mechanism`). `description` leaves user and password out, so it is safe to show.
package struct AMQPAddress: Sendable, Equatable, CustomStringConvertible {
    /// Why a text is not a usable address. Never repeats the text, which may hold a password.
    package struct Problem: Error, Equatable, CustomStringConvertible {
        package let description: String
    }

    package var host: String
    package var port: Int
    package var user: String
    package var password: String
    package var virtualHost: String
    package var tls: TLS?
    /// Seconds between heartbeats; the connection counts as dead after two are missed. The broker may ask for a shorter
    /// interval.
    package var heartbeat: Int32 = 10
    /// Whether the URI sets the heartbeat.
    var setsHeartbeat = false
    /// Seconds that each step of connecting may take: opening the socket with TLS, then logging in.
    package var connectionTimeout: Int = 5

    /// How the broker's certificate is verified, and which client certificate is presented.
    package struct TLS: Sendable, Equatable {
        /// A PEM file with the certificate authorities to trust; `nil` trusts the system's.
        package var authorityFile: String?
        package var certificateFile: String?
        package var keyFile: String?
        /// Log in as the user that the client certificate names (SASL EXTERNAL) instead of with a password.
        package var usesExternalLogin = false
    }

    package init(_ text: String) throws(Problem) {
        guard let scheme = text.range(of: "://"), ["amqp", "amqps"].contains(text[..<scheme.lowerBound].lowercased())
        else { throw Problem(description: "a broker address begins with amqp:// or amqps://") }
        self.tls = text[..<scheme.lowerBound].lowercased() == "amqps" ? TLS() : nil
        var rest = text[scheme.upperBound...]
        // Otherwise a part of the password would be taken for host, path or query, which may be shown.
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard authority.contains("@") || !rest.contains("@") else {
            throw Problem(
                description: "the broker address has an '@' behind '/' or '?'; write '/' as %2F, '?' as %3F and '@' as "
                    + "%40 in user, password and everywhere else"
            )
        }
        var query = Substring()
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        self.virtualHost = "/"
        if let slash = rest.firstIndex(of: "/") {
            let path = rest[rest.index(after: slash)...]
            if !path.isEmpty { self.virtualHost = try Self.decode(path, of: "virtual host") }
            rest = rest[..<slash]
        }
        self.user = "guest"
        self.password = "guest"
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            self.user = try Self.decode(parts[0], of: "user")
            self.password = parts.count > 1 ? try Self.decode(parts[1], of: "password") : ""
            rest = rest[rest.index(after: at)...]
        }
        (self.host, self.port) = try Self.endpoint(rest, defaultPort: self.tls == nil ? 5672 : 5671)
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            try self.set(String(parts[0]), try Self.decode(parts.count > 1 ? parts[1] : "", of: String(parts[0])))
        }
    }

    private static func endpoint(_ text: Substring, defaultPort: Int) throws(Problem) -> (String, Int) {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let bracket = text.firstIndex(of: "]") else {
                throw Problem(description: "the broker address has '[' without ']'")
            }
            host = text[text.index(after: text.startIndex)..<bracket]
            let behind = text[text.index(after: bracket)...]
            if behind.first == ":" { port = behind.dropFirst() }
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard !host.contains(",") else {
            throw Problem(description: "a broker address has one host; give further nodes as addresses of their own")
        }
        guard let port else { return (host.isEmpty ? "127.0.0.1" : String(host), defaultPort) }
        guard let number = Int(port), (1...65535).contains(number) else {
            throw Problem(description: "the broker address has a port that is not a number from 1 to 65535")
        }
        return (host.isEmpty ? "127.0.0.1" : String(host), number)
    }

    private mutating func set(_ parameter: String, _ value: String) throws(Problem) {
        switch parameter {
        case "heartbeat":
            guard let seconds = Int32(value), (1...3600).contains(seconds) else {
                throw Problem(description: "heartbeat is a number of seconds from 1 to 3600")
            }
            self.heartbeat = seconds
            self.setsHeartbeat = true
        case "connection_timeout":
            // RabbitMQ's clients read this parameter as milliseconds.
            guard let milliseconds = Int(value), (1...600_000).contains(milliseconds) else {
                throw Problem(description: "connection_timeout is a number of milliseconds from 1 to 600000")
            }
            self.connectionTimeout = max(1, milliseconds / 1000)
        case "cacertfile", "certfile", "keyfile", "auth_mechanism":
            guard var tls = self.tls else {
                throw Problem(description: "\(parameter) is for amqps:// addresses only")
            }
            switch parameter {
            case "cacertfile": tls.authorityFile = value
            case "certfile": tls.certificateFile = value
            case "keyfile": tls.keyFile = value
            default: tls.usesExternalLogin = value.lowercased() == "external"
            }
            self.tls = tls
        default:
            throw Problem(
                description: "the broker address has the unknown parameter '\(parameter)'; known are heartbeat, "
                    + "connection_timeout, cacertfile, certfile, keyfile and auth_mechanism"
            )
        }
    }

    private static func decode(_ text: Substring, of part: String) throws(Problem) -> String {
        guard text.contains("%") else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit), let value = UInt8(digits, radix: 16) else {
                throw Problem(description: "the \(part) in the broker address has a '%' without two hex digits")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The address without user and password.
    package var description: String {
        let host = self.host.contains(":") ? "[\(self.host)]" : self.host
        let path = self.virtualHost == "/" ? "" : self.virtualHost
        return "\(self.tls == nil ? "amqp" : "amqps")://\(host):\(self.port)/\(path)"
    }
}

extension StringProtocol {
    /// The range of the first occurrence of `other`. Foundation's is not worth the import for this alone.
    fileprivate func range(of other: String) -> Range<Index>? {
        var start = self.startIndex
        while start < self.endIndex {
            if self[start...].hasPrefix(other) {
                return start..<self.index(start, offsetBy: other.count)
            }
            start = self.index(after: start)
        }
        return nil
    }
}
