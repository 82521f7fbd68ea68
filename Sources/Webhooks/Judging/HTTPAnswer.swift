/// What became of one request.
package struct HTTPAnswer: Sendable {
    package enum Result: Sendable {
        /// The answer's head was complete. Of the body nothing is promised.
        case status(Int)
        /// - Parameter words: for people; no address, no secret that is not known as one.
        case failed(TransferProblem, words: String)

        /// The body may have ended in the middle.
        var isFailure: Bool {
            if case .failed = self { true } else { false }
        }

        /// The endpoint may have another address by now.
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
    /// There was more of it.
    package let isTruncated: Bool
    package let microseconds: Int64
}
