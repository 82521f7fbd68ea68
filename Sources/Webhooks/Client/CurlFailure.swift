import CCurl
import Glibc

/// Translates a libcurl result code to a `TransferProblem`.
struct CurlFailure {
    let problem: TransferProblem
    private let stage: String?

    init(_ code: CURLcode, _ handle: UnsafeMutableRawPointer, isBlocked: Bool, isHeadTooLarge: Bool) {
        self.stage = code == CURLE_OPERATION_TIMEDOUT ? Self.stage(handle) : nil
        // A refused address matters only if no connection was made: another address of the same name may have been
        // used.
        if isBlocked, code == CURLE_COULDNT_CONNECT || code == CURLE_ABORTED_BY_CALLBACK {
            self.problem = .blockedAddress
        } else if isHeadTooLarge {
            self.problem = .responseTooLarge
        } else {
            self.problem = Self.problem(code, Int32(warren_curl_number(handle, CURLINFO_OS_ERRNO)))
        }
    }

    private static func problem(_ code: CURLcode, _ systemError: Int32) -> TransferProblem {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .dns
        case CURLE_COULDNT_CONNECT: self.problem(connecting: systemError)
        case CURLE_OPERATION_TIMEDOUT: .timeout
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
            CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_ENGINE_NOTFOUND,
            CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_SSL_PINNEDPUBKEYNOTMATCH, CURLE_SSL_CLIENTCERT, CURLE_USE_SSL_FAILED:
            .tls
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE, CURLE_HTTP2,
            CURLE_HTTP2_STREAM:
            .connectionReset
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP_RETURNED_ERROR,
            CURLE_BAD_CONTENT_ENCODING:
            .badResponse
        default: .client
        }
    }

    private static func problem(connecting systemError: Int32) -> TransferProblem {
        switch systemError {
        case ECONNREFUSED: .connectionRefused
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN: .networkUnreachable
        default: .connectionFailed
        }
    }

    /// What the transfer was doing when its time ran out.
    private static func stage(_ handle: UnsafeMutableRawPointer) -> String {
        if warren_curl_time(handle, CURLINFO_NAMELOOKUP_TIME_T) == 0 { return "looking up the host's name" }
        if warren_curl_time(handle, CURLINFO_CONNECT_TIME_T) == 0 { return "connecting" }
        if warren_curl_time(handle, CURLINFO_PRETRANSFER_TIME_T) == 0 { return "agreeing on encryption" }
        if warren_curl_time(handle, CURLINFO_STARTTRANSFER_TIME_T) == 0 { return "waiting for the answer" }
        return "reading the answer"
    }

    /// Describes the failure for people.
    ///
    /// - Parameter detail: libcurl's own error text; empty if there is none.
    func words(detail: String) -> String {
        switch self.problem {
        case .dns: "the host's name cannot be resolved"
        case .connectionRefused: "the endpoint refuses connections: nothing listens there"
        case .networkUnreachable: "the endpoint's network is unreachable"
        case .connectionFailed: "no connection: \(detail)"
        case .connectionReset: "the connection ended before the answer did"
        case .timeout: "no answer in time: the time ran out while \(self.stage ?? "waiting")"
        case .tls: "no encrypted connection: \(detail)"
        case .blockedAddress:
            "the endpoint has an address that Warren may not deliver to; the operator can allow its range with "
                + "--allow-network"
        case .badResponse: "the answer is not HTTP"
        case .responseTooLarge: "the headers of the answer are too large"
        case .client: "the request could not be made: \(detail)"
        }
    }
}
