/// Why a request got no usable answer: the class that `warren-error-type` names.
package enum TransferProblem: String, Sendable, CaseIterable {
    /// The host name cannot be resolved.
    case dns = "dns_error"
    case connectionRefused = "connection_refused"
    case networkUnreachable = "network_unreachable"
    /// The connection could not be made for some other reason.
    case connectionFailed = "connection_failed"
    /// The connection ended before the answer did.
    case connectionReset = "connection_reset"
    case timeout
    /// TLS failed: an untrusted certificate, no common version or cipher, or our own certificate is refused or
    /// unusable.
    case tls = "tls_error"
    /// The address is in a range that the host's operator has not allowed.
    case blockedAddress = "blocked_ip"
    /// The answer is not HTTP.
    case badResponse = "bad_response"
    /// The headers of the answer were over 64 KiB.
    case responseTooLarge = "response_too_large"
    /// The request failed on the sender's side.
    case client = "client_error"
}
