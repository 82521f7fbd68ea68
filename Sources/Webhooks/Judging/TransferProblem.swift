/// Why a request got no answer, or none that could be read: the class that stands in `warren-error-type`.
package enum TransferProblem: String, Sendable, CaseIterable {
    /// The host's name leads nowhere.
    case dns = "dns_error"
    case connectionRefused = "connection_refused"
    case networkUnreachable = "network_unreachable"
    /// The connection could not be made for another reason.
    case connectionFailed = "connection_failed"
    /// The connection ended before the answer did.
    case connectionReset = "connection_reset"
    case timeout
    /// No trust, no common protocol, or no use for our certificate.
    case tls = "tls_error"
    /// The address is in a range that the host's operator has not opened.
    case blockedAddress = "blocked_ip"
    /// What came is not HTTP.
    case badResponse = "bad_response"
    /// The headers of the answer were over 64 KiB.
    case responseTooLarge = "response_too_large"
    /// Our own side could not.
    case client = "client_error"
}
