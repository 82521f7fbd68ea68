/// Reads what a webhook signs with, and what it authenticates with at its endpoint: `secret`, `secrets`, `headers` and
/// `auth`. Its messages never show a value.
struct CredentialsDecoder {
    private let document: MappingReader
    private let problems: ProblemCollector
    private let sources: ValueSourceDecoder

    init(document: MappingReader) {
        self.document = document
        self.problems = document.problems
        self.sources = ValueSourceDecoder(problems: document.problems)
    }

    // MARK: - Secrets

    func secrets() -> [ValueSource] {
        let items: [YAMLValue]
        switch (self.document.entry("secret"), self.document.entry("secrets")) {
        case (nil, nil): return []
        case (let one?, nil): items = [one.value]
        case (nil, let list?): items = self.list(list, remedy: "put them in brackets, or write 'secret' for one")
        case (_?, let list?):
            self.problems.report(
                "both 'secret' and 'secrets' are given",
                at: list.value.location,
                remedy: "put all of them into 'secrets'"
            )
            return []
        }
        return items.compactMap { item in
            guard let source = self.sources.decode(item, subject: "a secret") else { return nil }
            if case .literal(let text) = source {
                do throws(WebhookSecret.Problem) {
                    _ = try WebhookSecret(text)
                } catch {
                    self.problems.report("\(error)", at: item.location, remedy: error.remedy)
                    return nil
                }
            }
            return source
        }
    }

    private func list(_ entry: YAMLEntry, remedy: String) -> [YAMLValue] {
        switch entry.value.content {
        case .refused:
            return []
        case .sequence(let items) where !items.isEmpty:
            return items
        case .sequence, .scalar, .mapping:
            self.problems.report(
                "'\(entry.key)' must be a list with at least one item",
                at: entry.value.location,
                remedy: remedy
            )
            return []
        }
    }

    // MARK: - Headers

    func headers() -> [String: ValueSource] {
        guard let entry = self.document.entry("headers") else { return [:] }
        guard case .mapping(let entries) = entry.value.content else {
            if case .refused = entry.value.content { return [:] }
            self.document.reportKind(
                of: entry.value,
                subject: "'headers'",
                expected: "a mapping",
                remedy: "write one 'Name: value' per header"
            )
            return [:]
        }
        var headers: [String: ValueSource] = [:]
        var seen: Set<String> = []
        for header in entries {
            guard self.checkName(header.key, at: header.location) else { continue }
            guard seen.insert(header.key.lowercased()).inserted else {
                self.problems.report(
                    "the header \(header.key.quoted) is written twice",
                    at: header.location,
                    remedy: "keep one of them: header names are not case-sensitive"
                )
                continue
            }
            headers[header.key] = self.value(header)
        }
        return headers
    }

    private func checkName(_ name: String, at location: SourceLocation) -> Bool {
        do throws(HTTPField.Problem) {
            try HTTPField.checkName(name)
            return true
        } catch {
            self.problems.report("\(error)", at: location, remedy: error.remedy)
            return false
        }
    }

    /// A header's value, which must not be empty and must be allowed in a header.
    private func value(_ entry: YAMLEntry) -> ValueSource? {
        guard let source = self.sources.decode(entry.value, subject: entry.key.quoted) else { return nil }
        guard case .literal(let text) = source else { return source }
        do throws(HTTPField.Problem) {
            try HTTPField.checkValue(text)
            return source
        } catch {
            self.problems.report(
                "the value of \(entry.key.quoted): \(error)",
                at: entry.value.location,
                remedy: error.remedy
            )
            return nil
        }
    }

    // MARK: - Authentication

    func authentication() -> WebhookAuthentication? {
        let authentication = self.givenAuthentication()
        if let authentication { self.checkHeaders(against: authentication) }
        return authentication
    }

    /// Refuses a header that `auth` writes too: each receiver would choose for itself which of the two it reads.
    private func checkHeaders(against authentication: WebhookAuthentication) {
        guard case .mapping(let entries)? = self.document.entry("headers")?.value.content else { return }
        for header in entries where header.key.lowercased() == authentication.header.lowercased() {
            self.problems.report(
                "the header \(header.key.quoted) is written by 'auth', too",
                at: header.location,
                remedy: "remove one of them: it would be sent twice"
            )
        }
    }

    private func givenAuthentication() -> WebhookAuthentication? {
        let kinds = ["bearer", "basic", "apiKey", "oauth2"]
        guard let reader = self.document.mapping("auth", allowed: kinds) else { return nil }
        let given = kinds.compactMap { reader.entry($0) }
        guard given.count == 1, let entry = given.first else {
            self.problems.report(
                "'auth' needs exactly one of \(kinds.joined(separator: ", "))",
                at: reader.location,
                remedy: "write it as in auth: { bearer: { fromEnv: CRM_TOKEN } }"
            )
            return nil
        }
        switch entry.key {
        case "bearer": return self.value(entry).map(WebhookAuthentication.bearer)
        case "basic": return self.basic(in: reader)
        case "apiKey": return self.apiKey(in: reader)
        default: return self.oauth2(in: reader)
        }
    }

    private func basic(in auth: MappingReader) -> WebhookAuthentication? {
        guard let reader = auth.mapping("basic", allowed: ["user", "password"]) else { return nil }
        let user = reader.requiredEntry("user", example: "warren").flatMap(self.user)
        let password = reader.requiredEntry("password", example: "{ fromEnv: CRM_PASSWORD }").flatMap(self.value)
        guard let user, let password else { return nil }
        return .basic(user: user, password: password)
    }

    private func user(_ entry: YAMLEntry) -> ValueSource? {
        let source = self.value(entry)
        guard case .literal(let text)? = source else { return source }
        do throws(BasicUser.Problem) {
            try BasicUser.check(text)
            return source
        } catch {
            self.problems.report("'user': \(error)", at: entry.value.location, remedy: error.remedy)
            return nil
        }
    }

    private func apiKey(in auth: MappingReader) -> WebhookAuthentication? {
        guard let reader = auth.mapping("apiKey", allowed: ["header", "value"]) else { return nil }
        let header = reader.text(reader.requiredEntry("header", example: "X-API-Key")) {
            text throws(HTTPField.Problem) in
            try HTTPField.checkName(text)
            return text
        }
        let value = reader.requiredEntry("value", example: "{ fromEnv: CRM_KEY }").flatMap(self.value)
        guard let header, let value else { return nil }
        return .apiKey(header: header, value: value)
    }

    private func oauth2(in auth: MappingReader) -> WebhookAuthentication? {
        let keys = ["tokenURL", "clientID", "clientSecret", "scopes", "audience"]
        guard let reader = auth.mapping("oauth2", allowed: keys) else { return nil }
        let tokenURL = reader.text(reader.requiredEntry("tokenURL", example: "https://login.example.com/oauth/token")) {
            text throws(TokenURL.Problem) in
            try TokenURL.parse(text)
        }
        let clientID = reader.requiredEntry("clientID", example: "warren").flatMap(self.value)
        let clientSecret = reader.requiredEntry("clientSecret", example: "{ fromEnv: CRM_CLIENT_SECRET }")
            .flatMap(self.value)
        let scopes =
            reader.entry("scopes").map {
                self.list($0, remedy: "put them in brackets, such as [hooks], or remove 'scopes'")
            } ?? []
        let audience = reader.entry("audience").flatMap { reader.text(of: $0.value, subject: "'audience'") }
        guard let tokenURL, let clientID, let clientSecret else { return nil }
        return .oauth2(
            OAuthClient(
                tokenURL: tokenURL,
                clientID: clientID,
                clientSecret: clientSecret,
                scopes: scopes.compactMap { reader.text(of: $0, subject: "a scope") },
                audience: audience
            )
        )
    }
}

extension HTTPField.Problem: FieldProblem {}
extension BasicUser.Problem: FieldProblem {}
extension TokenURL.Problem: FieldProblem {}
