/// What is said on one connection: requests, their lines in the journal, and answers of all kinds.
struct Conversation {
    /// What becomes of the connection after an answer.
    enum Continuation {
        case stays
        case ends
    }

    let connection: Connection
    private let number: Int
    private let journal: Journal
    private let tally: Tally

    /// - Parameter number: of the connection, counted from 1.
    init(_ connection: Connection, number: Int, journal: Journal, tally: Tally) {
        self.connection = connection
        self.number = number
        self.journal = journal
        self.tally = tally
    }

    /// Goes on until one of the two hangs up.
    func run() {
        var reader = RequestReader(self.connection)
        do throws(RequestReader.Interruption) {
            while true {
                let request = try reader.next()
                self.journal.note(request, connection: self.number)
                guard self.answer(request) == .stays else { return }
            }
        } catch {
            guard case .refused(let status) = error else { return }
            self.connection.send(Response.plain(status, closes: true).bytes(to: "GET"))
            self.connection.finish()
            // To close with bytes unread is a reset, which would take the answer with it.
            self.connection.ignore()
        }
    }

    private func answer(_ request: Request) -> Continuation {
        guard let behaviour = Behaviour(path: request.path) else { return self.send(.plain(404), to: request) }
        switch behaviour {
        case .status(let status): return self.send(.plain(status), to: request)
        case .statusAndClose(let status): return self.send(.plain(status, closes: true), to: request)
        case .retryAfter(let status, let value):
            return self.send(self.retryAfter(status, value), to: request)
        case .retryAfterOnce(let status, let value):
            let isFirst = self.tally.count(request.path) == 1
            return self.send(isFirst ? self.retryAfter(status, value) : .plain(204), to: request)
        case .failFirst(let failures):
            let count = self.tally.count("\(request.path) \(request["webhook-id"] ?? "")")
            return self.send(.plain(count <= failures ? 500 : 204), to: request)
        case .answers(let statuses):
            let count = min(self.tally.count(request.path), statuses.count)
            return self.send(.plain(statuses[count - 1]), to: request)
        case .file(let path): return self.obey(path, request)
        case .redirect(let location):
            return self.send(Response(status: 302, fields: [("Location", location)]), to: request)
        case .echo(let status): return self.send(self.echo(request, status), to: request)
        case .slow(let milliseconds):
            pause(milliseconds: milliseconds)
            return self.send(.plain(204), to: request)
        case .token(let seconds): return self.send(self.token(seconds: seconds), to: request)
        case .brokenToken: return self.send(.json(200, "not json"), to: request)
        case .deniedToken: return self.send(.json(401, #"{"error":"invalid_client"}"#), to: request)
        case .bearer(let token): return self.admit(token, request)
        case .bearerFile(let path): return self.admit(SmallFile.text(path), request)
        case .gzipBomb:
            let fields = [(name: "Content-Encoding", value: "gzip")]
            return self.send(Response(status: 200, fields: fields, body: GzipBomb.bytes), to: request)
        case .never, .drip, .dripHeader, .endlessBody, .endlessHeaders, .garbage, .hangUp, .reset:
            self.misbehave(behaviour)
            return .ends
        }
    }

    private func send(_ response: Response, to request: Request) -> Continuation {
        var response = response
        if !request.keepsAlive { response.closes = true }
        let isSent = self.connection.send(response.bytes(to: request.method))
        return isSent && !response.closes ? .stays : .ends
    }

    private func retryAfter(_ status: Int, _ value: String) -> Response {
        var response = Response.plain(status)
        response.fields.append(("Retry-After", value))
        return response
    }

    /// Does what a file says. One that says nothing is an error that a test shall see.
    private func obey(_ path: String, _ request: Request) -> Continuation {
        let text = SmallFile.text(path)
        if text == "never" {
            self.connection.ignore()
            return .ends
        }
        guard let status = text.flatMap(Behaviour.status) else {
            return self.send(.text(500, "no status in \(path)"), to: request)
        }
        return self.send(.plain(status), to: request)
    }

    private func echo(_ request: Request, _ status: Int) -> Response {
        let headers = request.fields.map { "\($0.name): \($0.value)\n" }.joined()
        var response = Response.text(status, headers + "\n")
        response.body += request.body
        return response
    }

    private func token(seconds: Int) -> Response {
        let token = "token-\(self.tally.count("token"))"
        return .json(200, #"{"access_token":"\#(token)","token_type":"Bearer","expires_in":\#(seconds)}"#)
    }

    /// - Parameter token: nil lets nobody in.
    private func admit(_ token: String?, _ request: Request) -> Continuation {
        let isKnown = token.map { request["authorization"] == "Bearer \($0)" } ?? false
        return self.send(.plain(isKnown ? 204 : 401), to: request)
    }
}
