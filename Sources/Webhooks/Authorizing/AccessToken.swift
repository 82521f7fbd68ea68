/// An access token of OAuth 2 (RFC 6749, section 1.4). Whoever prints it, or a value that holds it, sees none of it.
package struct AccessToken: Sendable, Equatable {
    /// For the `Authorization` header, and for what hides it in answers.
    let text: String

    init(_ text: String) { self.text = text }
}

extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { Redaction.mark }
    package var debugDescription: String { Redaction.mark }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
