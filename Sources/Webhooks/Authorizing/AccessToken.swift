/// An OAuth 2 access token (RFC 6749, section 1.4). Printing it, or a value that contains it, does not show the token.
package struct AccessToken: Sendable, Equatable {
    /// The token itself, for the `Authorization` header and for redaction.
    let text: String

    init(_ text: String) { self.text = text }
}

extension AccessToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { Redaction.mark }
    package var debugDescription: String { Redaction.mark }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
