/// An answer as HTTP has it; for all others there are bytes.
struct Response {
    let status: Int
    var fields: [(name: String, value: String)] = []
    var body: [UInt8] = []
    /// Whether the connection ends with this answer.
    var closes = false

    /// An answer with a short text, as `status 500`.
    static func plain(_ status: Int, closes: Bool = false) -> Response {
        .text(status, "status \(status)", closes: closes)
    }

    static func text(_ status: Int, _ text: String, closes: Bool = false) -> Response {
        Response(status: status, fields: [("Content-Type", "text/plain")], body: Array(text.utf8), closes: closes)
    }

    static func json(_ status: Int, _ text: String) -> Response {
        Response(status: status, fields: [("Content-Type", "application/json")], body: Array(text.utf8))
    }

    /// The answer on the wire.
    ///
    /// - Parameter method: of the request; there is no body in answer to HEAD.
    func bytes(to method: String) -> [UInt8] {
        var fields = self.fields
        // RFC 9110, section 8.6: these say no length and have no body.
        let isBare = self.status < 200 || self.status == 204 || self.status == 304
        if isBare {
            fields.removeAll { $0.name == "Content-Type" }
        } else {
            fields.append(("Content-Length", "\(self.body.count)"))
        }
        if self.closes { fields.append(("Connection", "close")) }
        return Self.head(self.status, fields) + (isBare || method == "HEAD" ? [] : self.body)
    }

    /// The status line, the headers and the empty line.
    static func head(_ status: Int, _ fields: [(name: String, value: String)]) -> [UInt8] {
        let lines = ["HTTP/1.1 \(status) As Asked"] + fields.map { "\($0.name): \($0.value)" }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }
}
