import Manifests
import Messaging
import Testing

@testable import Webhooks

/// Answer → verdict, the whole table.
struct JudgementTests {
    private static let now: Int64 = 784_111_777

    private static func judgement(
        rejectOn: Set<Int> = [],
        _ authentication: WebhookAuthentication? = nil,
        secrets: [String] = []
    ) throws -> Judgement {
        Judgement(
            try .test(authentication: authentication, rejectOn: rejectOn),
            redaction: Redaction(secrets)
        )
    }

    private static func failure(_ type: String, _ message: String, _ status: Int?) -> Failure {
        Failure(
            type: type,
            message: message,
            answer: EndpointAnswer(status: status, milliseconds: 1234, excerpt: "it says so")
        )
    }

    private func verdict(_ status: Int, retryAfter: String? = nil, _ judgement: Judgement) -> Verdict {
        judgement.verdict(on: .test(.status(status), retryAfter: retryAfter, "it says so"), now: Self.now)
    }

    @Test(arguments: Array(200...299))
    func `2xx is done, whatever else the answer says`(status: Int) throws {
        let judgement = try Self.judgement(rejectOn: Set(400...499), .oauth2(.test()))
        #expect(self.verdict(status, retryAfter: "10", judgement) == .outcome(.done(emitted: [])))
    }

    @Test(arguments: Array(300...399))
    func `a redirect is not followed, and is a failure`(status: Int) throws {
        let message =
            "the endpoint answered \(status), a redirect, which is not followed: "
            + "write the new address into the manifest"
        let verdict = self.verdict(status, retryAfter: "10", try Self.judgement())
        #expect(verdict == .outcome(.failed(Self.failure("redirect", message, status))))
    }

    /// `Retry-After` counts only where it is said to.
    @Test(arguments: Array(100...199) + Array(400...599) + [0, 600, 999], [nil, "10"] as [String?])
    func `every other status is a failure`(status: Int, retryAfter: String?) throws {
        let isOther = status != 410 && (retryAfter == nil || status != 429 && status != 503)
        let verdict = self.verdict(status, retryAfter: retryAfter, try Self.judgement())
        guard isOther else {
            if case .outcome = verdict { Issue.record("\(status) is not like every other") }
            return
        }
        guard case .outcome(.failed(let failure)) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(failure.type == "http_\(status)")
        #expect(failure.message.hasPrefix("the endpoint answered \(status)"))
        #expect(failure.answer == EndpointAnswer(status: status, milliseconds: 1234, excerpt: "it says so"))
    }

    @Test(arguments: [
        (400, ""), (401, ": look at 'auth' and 'secret'"), (403, ": look at 'auth' and 'secret'"),
        (404, ": look at 'url'"),
        (413, ": the payload is too large for it"), (429, " Too Many Requests: set 'rate'"), (500, ""), (503, ""),
    ])
    func `a failure says what to look at`(status: Int, words: String) throws {
        let expected = Self.failure("http_\(status)", "the endpoint answered \(status)\(words)", status)
        #expect(self.verdict(status, try Self.judgement()) == .outcome(.failed(expected)))
    }

    @Test(arguments: [nil, .bearer(.literal("hush"))] as [WebhookAuthentication?], [Set<Int>(), [410], [400, 422]])
    func `410 is gone, whatever the manifest says`(authentication: WebhookAuthentication?, rejectOn: Set<Int>) throws {
        let verdict = self.verdict(410, retryAfter: "10", try Self.judgement(rejectOn: rejectOn, authentication))
        let reason =
            "the endpoint answered 410 Gone: it wants no more events; remove the webhook, or repair the endpoint and send SIGHUP"
        #expect(verdict == .gone(reason: reason))
    }

    @Test(arguments: [
        ("1", 1, "1 s"), ("0", 1, "1 s"), ("90", 90, "1 min 30 s"), ("120", 120, "2 min"), ("86400", 86_400, "1 d"),
        ("99999999999", 86_400, "1 d"), ("Sun, 06 Nov 1994 08:50:37 GMT", 60, "1 min"),
        ("Sat, 05 Nov 1994 08:50:37 GMT", 1, "1 s"),
    ])
    func `429 and 503 wait as long as they ask for`(value: String, seconds: Int, text: String) throws {
        let judgement = try Self.judgement()
        #expect(
            self.verdict(503, retryAfter: value, judgement)
                == .wait(.seconds(seconds), reason: "the endpoint answered 503 and asks for a pause of \(text)")
        )
        let reason = "the endpoint answered 429 Too Many Requests: set 'rate' and asks for a pause of \(text)"
        #expect(self.verdict(429, retryAfter: value, judgement) == .wait(.seconds(seconds), reason: reason))
    }

    @Test(arguments: [429, 503], [nil, "", "-1", "soon", "1.5", "Sun, 06 Nov 1994 08:50:37 CET"] as [String?])
    func `429 and 503 without a time that can be read are failures`(status: Int, retryAfter: String?) throws {
        guard case .outcome(.failed(let failure)) = self.verdict(status, retryAfter: retryAfter, try Self.judgement())
        else {
            Issue.record("it is no failure")
            return
        }
        #expect(failure.type == "http_\(status)")
    }

    @Test(arguments: [400, 401, 404, 422, 429, 499])
    func `what the manifest rejects is rejected, and nothing else`(status: Int) throws {
        for authentication in [nil, .oauth2(try .test())] as [WebhookAuthentication?] {
            let judgement = try Self.judgement(rejectOn: [status], authentication)
            guard case .outcome(.rejected(let failure)) = self.verdict(status, retryAfter: "10", judgement) else {
                Issue.record("\(status) is not rejected")
                return
            }
            #expect(failure.type == "http_\(status)")
            #expect(failure.answer?.status == status)
            for other in [399, 402, 423, 500] {
                guard case .outcome(.failed) = self.verdict(other, judgement) else {
                    Issue.record("\(other) is no failure")
                    return
                }
            }
        }
    }

    @Test func `401 to a token asks for another token`() throws {
        let judgement = try Self.judgement(.oauth2(.test()))
        let message = "the endpoint answered 401: look at 'auth' and 'secret'"
        #expect(self.verdict(401, judgement) == .unauthorized(.failed(Self.failure("http_401", message, 401))))
        guard case .outcome(.failed) = self.verdict(403, judgement) else {
            Issue.record("403 is not about the token")
            return
        }
    }

    @Test(
        arguments: [
            .bearer(.literal("hush")), .basic(user: .literal("a"), password: .literal("hush")),
            .apiKey(header: "X", value: .literal("hush")),
        ] as [WebhookAuthentication]
    )
    func `401 to anything else is a failure`(authentication: WebhookAuthentication) throws {
        guard case .outcome(.failed) = self.verdict(401, try Self.judgement(authentication)) else {
            Issue.record("there is no other token to be had")
            return
        }
    }

    @Test(arguments: TransferProblem.allCases)
    func `no answer is a failure, or a timeout`(problem: TransferProblem) throws {
        let answer = HTTPAnswer.test(.failed(problem, words: "it went wrong"), retryAfter: "10", "it says so")
        let failure = Self.failure(problem.rawValue, "it went wrong", nil)
        let outcome: Outcome = problem == .timeout ? .timedOut(failure) : .failed(failure)
        #expect(try Self.judgement(rejectOn: Set(400...499)).verdict(on: answer, now: Self.now) == .outcome(outcome))
    }

    @Test func `the classes of problems have their names`() {
        let names = TransferProblem.allCases.map(\.rawValue)
        #expect(
            Set(names) == [
                "dns_error", "connection_refused", "network_unreachable", "connection_failed", "connection_reset",
                "timeout",
                "tls_error", "blocked_ip", "bad_response", "response_too_large", "client_error",
            ]
        )
    }

    @Test(arguments: [(0, 0), (999, 0), (1000, 1), (59_999_999, 59_999)] as [(Int64, Int64)])
    func `the time is told in whole milliseconds`(microseconds: Int64, milliseconds: Int64) throws {
        let answer = HTTPAnswer.test(.status(500), microseconds: microseconds)
        guard case .outcome(.failed(let failure)) = try Self.judgement().verdict(on: answer, now: 0) else {
            Issue.record("500 is no failure")
            return
        }
        #expect(failure.answer?.milliseconds == milliseconds)
    }

    @Test func `secrets are taken out of what the endpoint and the client say`() throws {
        let judgement = try Self.judgement(secrets: ["hush-token"])
        let answers = [
            HTTPAnswer.test(.status(500), "you sent hush-token"),
            HTTPAnswer.test(.failed(.tls, words: "no trust in hush-token"), "hush-token"),
            // Cut off in the middle of it.
            HTTPAnswer.test(.status(500), "you sent hush-tok", isTruncated: true),
        ]
        for answer in answers {
            guard case .outcome(.failed(let failure)) = judgement.verdict(on: answer, now: 0) else {
                Issue.record("it is no failure")
                return
            }
            #expect(!"\(failure)".contains("hush"))
        }
    }
}
