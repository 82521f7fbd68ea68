package import Invoking

/// What the HTTP client reports of a request.
package enum ClientReport: Sendable {
    /// It was sent, or could not be. Nothing more is reported of it.
    case answered(HTTPAnswer)
    /// It took long to compose, and is ready to be sent.
    case composed(HTTPRequest)
    /// No request can be made of the invocation.
    case notComposed(InvocationID, Undeliverable)
}
