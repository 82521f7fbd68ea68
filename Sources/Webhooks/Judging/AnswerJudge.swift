import Manifests

/// Judges the answers to one webhook's requests, and redacts its secrets in them: those of its credentials, and its
/// access tokens.
struct AnswerJudge {
    private let manifest: WebhookManifest
    private let secrets: Redaction
    private var redaction: Redaction
    private var judgement: Judgement
    /// The current access token and the previous one: answers to requests that carry the previous one may still arrive.
    private var tokens: [AccessToken] = []

    init(_ manifest: WebhookManifest, _ credentials: WebhookCredentials) {
        self.manifest = manifest
        self.secrets = Redaction(credentials.confidential)
        self.redaction = self.secrets
        self.judgement = Judgement(manifest, redaction: self.secrets)
    }

    /// How much of an answer's body is needed, in bytes.
    var excerptLimit: Int { self.redaction.captureLimit }

    mutating func hide(_ token: AccessToken) {
        self.tokens = self.tokens.suffix(1) + [token]
        self.redaction = self.tokens.reduce(self.secrets) { $0.adding($1.text) }
        self.judgement = Judgement(self.manifest, redaction: self.redaction)
    }

    /// - Parameter now: the current time in seconds since 1970.
    func verdict(on answer: HTTPAnswer, now: Int64) -> Verdict { self.judgement.verdict(on: answer, now: now) }
}
