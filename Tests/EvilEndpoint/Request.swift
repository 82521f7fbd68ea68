/// A request that has been read completely.
struct Request {
    struct Field {
        /// In lower case.
        let name: String
        let value: String
    }

    let method: String
    /// As it was sent, without the query.
    let path: String
    let query: String?
    /// Whether the client can take another answer on this connection.
    let keepsAlive: Bool
    let fields: [Field]
    let body: [UInt8]

    /// A header's value. Values of a header that was sent more than once are joined, as RFC 9110, section 5.3 has it.
    subscript(name: String) -> String? { self.fields.value(name) }

    /// All headers by their names.
    var headers: [String: String] {
        Dictionary(self.fields.map { ($0.name, $0.value) }) { "\($0), \($1)" }
    }
}

extension [Request.Field] {
    func value(_ name: String) -> String? {
        let values = self.lazy.filter { $0.name == name }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: ", ")
    }
}
