/// What the server does with a request. The request's path says it, so that a manifest's URL chooses the behaviour.
enum Behaviour {
    /// `/ok`, `/status/NNN`: answers with a status.
    case status(Int)
    /// `/close/NNN`: answers with a status, and closes the connection.
    case statusAndClose(Int)
    /// `/retry-after/NNN/VALUE`: answers with a status and says when to come again.
    case retryAfter(Int, String)
    /// `/retry-after-once/NNN/VALUE`: does so once; then all is well.
    case retryAfterOnce(Int, String)
    /// `/fail-first/N`: the first requests of each event fail, later ones do not.
    case failFirst(Int)
    /// `/answers/NNN,NNN`: answers with one status after the other; the last one holds for all that follow.
    case answers([Int])
    /// `/file/PATH`: a file says the status, or `never`, at each request.
    case file(String)
    /// `/never`: never answers, and keeps the connection open.
    case never
    /// `/drip`: sends a byte of the body each second.
    case drip
    /// `/drip-header`: sends a byte of the head each second.
    case dripHeader
    /// `/endless-body`: sends a body without an end.
    case endlessBody
    /// `/endless-headers`: sends headers without an end.
    case endlessHeaders
    /// `/gzip-bomb`: sends a body that is a thousand times as large when it is unpacked.
    case gzipBomb
    /// `/redirect/URL`: sends the client somewhere else.
    case redirect(String)
    /// `/garbage`: sends bytes that are no HTTP, and closes the connection.
    case garbage
    /// `/hang-up`: closes the connection instead of an answer.
    case hangUp
    /// `/reset`: resets the connection in the middle of a body.
    case reset
    /// `/echo/NNN`: says back all that it was told, secrets too.
    case echo(Int)
    /// `/slow/MS`: answers late.
    case slow(milliseconds: UInt32)
    /// `/oauth/token`, `/oauth/short`: gives a token that nobody had before.
    case token(seconds: Int)
    /// `/oauth/broken`: says that it gives a token, and gives none.
    case brokenToken
    /// `/oauth/denied`: does not know the client.
    case deniedToken
    /// `/bearer/TOKEN`: lets in who has the token.
    case bearer(String)
    /// `/bearer-file/PATH`: lets in who has the token that a file says at each request.
    case bearerFile(String)

    /// Nil for a path that stands for nothing.
    init?(path: String) {
        let parts = path.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first else { return nil }
        let rest = parts.count > 1 ? String(parts[1]) : nil
        switch (name, rest) {
        case ("ok", _): self = .status(204)
        case ("oauth", "token"): self = .token(seconds: 3600)
        case ("oauth", "short"): self = .token(seconds: 1)
        case ("oauth", "broken"): self = .brokenToken
        case ("oauth", "denied"): self = .deniedToken
        case (_, nil): self.init(word: String(name))
        case (_, let rest?): self.init(name: String(name), argument: rest)
        }
    }

    private init?(word: String) {
        switch word {
        case "never": self = .never
        case "drip": self = .drip
        case "drip-header": self = .dripHeader
        case "endless-body": self = .endlessBody
        case "endless-headers": self = .endlessHeaders
        case "gzip-bomb": self = .gzipBomb
        case "garbage": self = .garbage
        case "hang-up": self = .hangUp
        case "reset": self = .reset
        default: return nil
        }
    }

    private init?(name: String, argument: String) {
        guard let text = PercentEncoding.decoded(argument) else { return nil }
        switch name {
        case "file": self = .file(text)
        case "redirect": self = .redirect(text)
        case "bearer": self = .bearer(text)
        case "bearer-file": self = .bearerFile(text)
        case "status": self.init(Self.status(text)) { .status($0) }
        case "close": self.init(Self.status(text)) { .statusAndClose($0) }
        case "echo": self.init(Self.status(text)) { .echo($0) }
        case "retry-after": self.init(Self.statusAndValue(argument)) { .retryAfter($0.status, $0.value) }
        case "retry-after-once": self.init(Self.statusAndValue(argument)) { .retryAfterOnce($0.status, $0.value) }
        case "fail-first": self.init(Int(text)) { .failFirst($0) }
        case "slow": self.init(UInt32(text)) { .slow(milliseconds: $0) }
        case "answers":
            let words = text.split(separator: ",", omittingEmptySubsequences: false)
            let statuses = words.compactMap { Self.status(String($0)) }
            guard statuses.count == words.count else { return nil }
            self = .answers(statuses)
        default: return nil
        }
    }

    private init?<Value>(_ value: Value?, _ make: (Value) -> Behaviour) {
        guard let value else { return nil }
        self = make(value)
    }

    /// The number of a status, which has three digits.
    static func status(_ text: String) -> Int? {
        text.utf8.count == 3 && text.allSatisfy { ("0"..."9").contains($0) } ? Int(text) : nil
    }

    /// `NNN/VALUE`.
    private static func statusAndValue(_ text: String) -> (status: Int, value: String)? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let status = Self.status(parts[0]), let value = PercentEncoding.decoded(parts[1])
        else { return nil }
        return (status, value)
    }
}
