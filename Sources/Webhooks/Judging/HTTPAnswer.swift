/// The result of one HTTP request.
package struct HTTPAnswer: Sendable {
    package enum Result: Sendable {
        /// The status and headers were received completely. The body may be incomplete.
        case status(Int)
        /// - Parameter words: a description for people. Contains no address, and no secret unless `Redaction` does not
        ///   know it.
        case failed(TransferProblem, words: String)

        /// Whether the transfer failed, so that the body may be incomplete.
        var isFailure: Bool {
            if case .failed = self { true } else { false }
        }

        /// Whether no connection could be made, which may mean that the endpoint's address has changed.
        var meansNoConnection: Bool {
            guard case .failed(let problem, _) = self else { return false }
            switch problem {
            case .connectionRefused, .networkUnreachable, .connectionFailed, .timeout, .tls, .blockedAddress:
                return true
            case .dns, .connectionReset, .badResponse, .responseTooLarge, .client: return false
            }
        }
    }

    package let id: UInt64
    package let result: Result
    /// The value of `Retry-After`, if there was one.
    package let retryAfter: String?
    /// The first bytes of the body; see `HTTPRequest.excerptLimit`.
    package let excerpt: [UInt8]
    /// Whether the body was longer than the excerpt.
    package let isTruncated: Bool
    package let microseconds: Int64
}
