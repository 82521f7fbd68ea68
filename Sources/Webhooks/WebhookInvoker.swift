import DequeModule
package import Logging
package import Manifests
import Messaging
package import Polling
package import Processing

/// Delivers the events of one webhook: composes requests, gives them to the HTTP client, and judges the answers. Confined
/// to one loop.
///
/// An invocation begins when its request is given to the client. Until then it waits here for its turn by `rate`, or for
/// an access token, and can be withdrawn. An endpoint that asks for a pause, or says that it is gone, pauses the whole
/// webhook; what it has not taken goes back to the queue, and no attempt is used up.
package final class WebhookInvoker: Invoker, Flushable {
    private struct Waiting {
        let invocation: Invocation
        /// Its first token was refused.
        var isSecondTry = false
    }

    private struct Running {
        let invocation: Invocation
        let token: String?
        let isSecondTry: Bool
    }

    private let manifest: WebhookManifest
    private let client: HTTPClient
    private let loop: EventLoop
    private let clock: WallClock
    private let logger: Logger
    private let route: HTTPRoute
    private let composer: DeliveryComposer
    private let answers: Mailbox<[HTTPAnswer]>
    private var tokens: AccessTokens?
    private var judgement: Judgement
    private var redaction: Redaction
    private let secrets: Redaction
    /// The present access token and the one before it.
    private var recentTokens: [String] = []
    private var handler: (InvokerEvent) -> Void = { _ in }
    private var waiting = Deque<Waiting>()
    private var running = PlaceTable<Running>()
    private var pacing: Pacing?
    private var pacingTimer: TimerID?
    private var pause = EndpointPause()
    private var pauseTimer: TimerID?
    package var isToBeFlushed = false

    /// - Parameter logger: with the webhook's name in its metadata.
    package init(
        _ manifest: WebhookManifest,
        credentials: WebhookCredentials,
        client: HTTPClient,
        loop: EventLoop,
        clock: WallClock,
        logger: Logger
    ) throws(SystemError) {
        self.manifest = manifest
        self.client = client
        self.loop = loop
        self.clock = clock
        self.logger = logger
        self.route = HTTPRoute(
            url: manifest.url,
            tls: manifest.tls,
            offersHTTP2: manifest.http2,
            timeout: manifest.timeout
        )
        self.composer = DeliveryComposer(manifest, credentials)
        self.secrets = Redaction(credentials.confidential)
        self.redaction = self.secrets
        self.judgement = Judgement(manifest, redaction: self.redaction)
        self.answers = try Mailbox()
        self.pacing = manifest.rate.map(Pacing.init)
        if case .oauth2(let client) = credentials.authentication {
            self.tokens = AccessTokens(client, timeout: manifest.timeout)
        }
    }

    private var now: Int64 { self.clock.milliseconds / 1000 }

    package func start(_ handler: @escaping (InvokerEvent) -> Void) {
        self.handler = handler
        self.answers.attach(to: self.loop) { [weak self] batches in
            for answers in batches { self?.take(answers) }
        }
        if self.manifest.url.scheme == .http, IPAddress(self.manifest.url.host) == nil {
            self.logger.warning("deliveries are not encrypted: 'url' begins with http://")
        }
        handler(.ready)
    }

    // MARK: - Requests

    package func invoke(_ invocation: Invocation) {
        self.waiting.append(Waiting(invocation: invocation))
        self.loop.flushAtTurnEnd(self)
    }

    package func withdraw() -> [UInt64] {
        defer { self.waiting.removeAll() }
        return self.waiting.map(\.invocation.id)
    }

    /// Begins what may begin.
    package func flush() {
        guard !self.waiting.isEmpty else { return }
        var requests: [HTTPRequest] = []
        var failures: [InvocationResult] = []
        while let next = self.waiting.first {
            // What fails to be composed never reaches the endpoint, so it does not count as the one request.
            if self.pause.isTrying, self.running.count > 0 { break }
            var token: String?
            switch self.tokens?.need() {
            case nil: break
            case .use(let known)?: token = known
            case .fail(let reason)?:
                self.waiting.removeFirst()
                failures.append(self.failure(next, .failed(Failure(type: "oauth_error", message: reason))))
                continue
            case .wait?: return self.finish(requests, failures)
            case .fetch?:
                if let request = self.tokens?.request(replyTo: self.answers) { requests.append(request) }
                return self.finish(requests, failures)
            }
            if let wait = self.pacing?.take(at: .now) {
                self.flush(after: wait)
                break
            }
            self.waiting.removeFirst()
            do throws(Undeliverable) {
                requests.append(try self.request(next, token))
            } catch {
                failures.append(
                    self.failure(next, .undecodable(Failure(type: "Undeliverable", message: error.reason)))
                )
            }
        }
        self.finish(requests, failures)
    }

    private func request(_ next: Waiting, _ token: String?) throws(Undeliverable) -> HTTPRequest {
        let invocation = next.invocation
        let (headers, body) = try self.composer.compose(EventView(invocation), token: token, now: self.now)
        self.running.add(
            Running(invocation: invocation, token: token, isSecondTry: next.isSecondTry),
            for: invocation.id
        )
        return HTTPRequest(
            id: invocation.id,
            route: self.route,
            headers: headers,
            body: body,
            excerptLimit: self.redaction.captureLimit,
            replyTo: self.answers
        )
    }

    private func failure(_ waiting: Waiting, _ outcome: Outcome) -> InvocationResult {
        InvocationResult(id: waiting.invocation.id, outcome: outcome, nanoseconds: 0)
    }

    private func finish(_ requests: [HTTPRequest], _ failures: [InvocationResult]) {
        if !requests.isEmpty { self.client.send(requests) }
        guard !failures.isEmpty else { return }
        self.handler(.results(failures))
    }

    private func flush(after wait: Duration) {
        guard self.pacingTimer == nil else { return }
        self.pacingTimer = self.loop.schedule(after: wait) { [weak self] in
            guard let self else { return }
            self.pacingTimer = nil
            self.loop.flushAtTurnEnd(self)
        }
    }

    // MARK: - Answers

    private func take(_ answers: [HTTPAnswer]) {
        // They may be what the next request waits for: an access token, or a sign that the endpoint is well again.
        self.loop.flushAtTurnEnd(self)
        var results: [InvocationResult] = []
        var notTaken: [UInt64] = []
        var again: [Waiting] = []
        for answer in answers {
            guard answer.id != AccessTokens.requestID else {
                self.takeToken(answer)
                continue
            }
            guard let running = self.running[answer.id] else { continue }
            self.running.remove(answer.id)
            switch self.judgement.verdict(on: answer, now: self.now) {
            case .outcome(let outcome):
                self.pause.answered()
                results.append(Self.result(answer, outcome))
            case .unauthorized(let outcome):
                self.tokens?.refused(running.token)
                if running.isSecondTry {
                    results.append(Self.result(answer, outcome))
                } else {
                    again.append(Waiting(invocation: running.invocation, isSecondTry: true))
                }
            case .wait(let wait, let reason):
                notTaken.append(answer.id)
                self.pause.wait(wait, reason: reason, at: .now)
            case .gone(let reason):
                notTaken.append(answer.id)
                self.pause.gone(reason: reason)
            }
        }
        if self.pause.isOn {
            // An endpoint that has asked for a pause is not asked a second time either.
            notTaken += again.map(\.invocation.id)
        } else {
            for next in again.reversed() { self.waiting.prepend(next) }
        }
        if !results.isEmpty { self.handler(.results(results)) }
        guard !notTaken.isEmpty else { return }
        self.resumeInTime()
        self.handler(.paused(reason: self.pause.reason, until: self.pause.end, notRun: notTaken))
    }

    private static func result(_ answer: HTTPAnswer, _ outcome: Outcome) -> InvocationResult {
        InvocationResult(id: answer.id, outcome: outcome, nanoseconds: UInt64(clamping: answer.microseconds * 1000))
    }

    private func takeToken(_ answer: HTTPAnswer) {
        guard let token = self.tokens?.take(answer) else { return }
        self.recentTokens = self.recentTokens.suffix(1) + [token]
        self.redaction = self.recentTokens.reduce(self.secrets) { $0.adding($1) }
        self.judgement = Judgement(self.manifest, redaction: self.redaction)
    }

    // MARK: - Pauses

    private func resumeInTime() {
        if let timer = self.pauseTimer { self.loop.cancel(timer) }
        self.pauseTimer = self.pause.end.map { end in
            self.loop.schedule(after: ContinuousClock.now.duration(to: end)) { [weak self] in self?.resume() }
        }
    }

    private func resume() {
        if let timer = self.pauseTimer { self.loop.cancel(timer) }
        self.pauseTimer = nil
        self.pause.isOver()
        self.handler(.ready)
    }

    /// The operator wants to know whether the endpoint is back.
    package func reconsider() {
        if self.pause.isOn { self.resume() }
    }

    // MARK: - End

    package func stop(_ completion: @escaping () -> Void) {
        for timer in [self.pacingTimer, self.pauseTimer].compactMap({ $0 }) { self.loop.cancel(timer) }
        self.answers.detach(from: self.loop)
        self.client.forget(self.route)
        if let tokens = self.tokens { self.client.forget(tokens.route) }
        completion()
    }
}
