package import Manifests
package import Messaging

/// What an endpoint's answer means. `DispatchState` decides what becomes of the invocation.
package enum Verdict: Sendable, Equatable {
    case outcome(Outcome)
    /// The endpoint asks for a pause of this length. It has not taken the event, and no attempt is used up.
    case wait(Duration, reason: String)
    /// The endpoint says that it is gone (410). It gets no more requests until an operator intervenes. It has not taken
    /// the event.
    case gone(reason: String)
    /// The endpoint refused the access token. The request may be sent again with a new one.
    case unauthorized(Outcome)
}

/// Maps an answer to a verdict. The complete table, as a pure function:
///
/// | answer | verdict |
/// |---|---|
/// | 2xx | done |
/// | 410 | gone: the webhook pauses and reports why |
/// | 429 or 503 with a valid `Retry-After` | wait: the webhook pauses for 1 s to 24 h |
/// | a status in `rejectOn` | rejected: dead-lettered at once |
/// | 401 to an OAuth 2 token | unauthorized: one more request with a new token, then as below |
/// | any other status, including 3xx: redirects are not followed | failed: retried by policy |
/// | no answer within `timeout` | timed out: retried by policy |
/// | no answer, or one that is not HTTP | failed: retried by policy |
///
/// Sources: Standard Webhooks 1.0.0, "Deliverability"; RFC 9110, sections 10.2.3 and 15.5.11.
package struct Judgement: Sendable {
    private let rejectOn: Set<Int>
    private let usesToken: Bool
    private let redaction: Redaction

    package init(_ manifest: WebhookManifest, redaction: Redaction) {
        self.rejectOn = manifest.rejectOn
        self.redaction = redaction
        if case .oauth2 = manifest.authentication { self.usesToken = true } else { self.usesToken = false }
    }

    /// - Parameter now: the current time in seconds since 1970.
    package func verdict(on answer: HTTPAnswer, now: Int64) -> Verdict {
        switch answer.result {
        case .status(let status): self.verdict(status, answer, now)
        case .failed(.timeout, let words): .outcome(.timedOut(self.failure("timeout", words, nil, answer)))
        case .failed(let problem, let words): .outcome(.failed(self.failure(problem.rawValue, words, nil, answer)))
        }
    }

    private func verdict(_ status: Int, _ answer: HTTPAnswer, _ now: Int64) -> Verdict {
        if (200...299).contains(status) { return .outcome(.done(emitted: [])) }
        let words = "the endpoint answered \(status)\(Self.meaning(of: status))"
        let failure = self.failure(Self.type(of: status), words, status, answer)
        if status == WebhookManifest.gone { return .gone(reason: words) }
        if self.rejectOn.contains(status) { return .outcome(.rejected(failure)) }
        switch status {
        case 429, 503:
            guard let wait = answer.retryAfter.flatMap({ RetryAfter.parse($0, now: now) }) else {
                return .outcome(.failed(failure))
            }
            return .wait(wait, reason: "\(words) and asks for a pause of \(wait.words)")
        case 401 where self.usesToken:
            return .unauthorized(.failed(failure))
        default:
            return .outcome(.failed(failure))
        }
    }

    private func failure(_ type: String, _ words: String, _ status: Int?, _ answer: HTTPAnswer) -> Failure {
        Failure(
            type: type,
            message: self.redaction.clean(words),
            answer: EndpointAnswer(
                status: status,
                milliseconds: answer.microseconds / 1000,
                excerpt: self.redaction.clean(answer.excerpt, isTruncated: answer.isTruncated)
            )
        )
    }

    private static func type(of status: Int) -> String { (300...399).contains(status) ? "redirect" : "http_\(status)" }

    private static func meaning(of status: Int) -> String {
        switch status {
        case 300...399: ", a redirect, which is not followed: write the new address into the manifest"
        case 401, 403: ": look at 'auth' and 'secret'"
        case 404: ": look at 'url'"
        case WebhookManifest.gone:
            " Gone: it wants no more events; remove the webhook, or repair the endpoint and send SIGHUP"
        case 413: ": the payload is too large for it"
        case 429: " Too Many Requests: set 'rate'"
        default: ""
        }
    }
}
