package import Invoking

/// What the HTTP client reports about a request.
package enum ClientReport: Sendable {
    /// The request has ended, with an answer or a failure. This is the last report about it.
    case answered(HTTPAnswer)
    /// A request that took long to compose is ready to be sent.
    case composed(HTTPRequest)
    /// No request can be composed for the invocation.
    case notComposed(InvocationID, Undeliverable)
}
