package import EventLoops
package import Invoking
package import Logging
package import Manifests

/// Delivers the events of one webhook: carries out what `DispatchState` decides, with the HTTP client and timers.
/// Confined to one loop.
///
/// An invocation begins when its request is passed to the client; until then it can be withdrawn. If the endpoint asks
/// for a pause, or says that it is gone, the whole webhook pauses. The events that the endpoint has not taken go back
/// to the queue, and no attempt is used up.
package final class WebhookInvoker: Invoker, Flushable {
    private let client: HTTPClient
    private let loop: EventLoop
    private let clock: WallClock
    private let logger: Logger
    private let route: HTTPRoute
    private let composer: RequestComposer
    private let reports: Mailbox<[ClientReport]>
    /// `nil` if requests carry no access token.
    private let tokenEndpoint: TokenEndpoint?
    private var judge: AnswerJudge
    private var state: DispatchState
    /// Invocations that were accepted and have not ended.
    private var invocations = PlaceTable<Invocation>()
    /// Requests that were composed on another thread, while the state is told of them.
    private var composed: [HTTPRequest] = []
    private var handler: (InvokerEvent) -> Void = { _ in }
    private var pacingTimer: TimerID?
    private var pauseTimer: TimerID?
    package var isToBeFlushed = false

    /// - Parameter logger: has the webhook's name in its metadata.
    package convenience init(
        _ manifest: WebhookManifest,
        credentials: WebhookCredentials,
        client: HTTPClient,
        loop: EventLoop,
        clock: WallClock,
        logger: Logger
    ) throws(SystemError) {
        try self.init(
            manifest,
            credentials: credentials,
            composer: RequestComposer(DeliveryComposer(manifest, credentials), clock: clock),
            client: client,
            loop: loop,
            clock: clock,
            logger: logger
        )
    }

    init(
        _ manifest: WebhookManifest,
        credentials: WebhookCredentials,
        composer: RequestComposer,
        client: HTTPClient,
        loop: EventLoop,
        clock: WallClock,
        logger: Logger
    ) throws(SystemError) {
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
        self.composer = composer
        self.reports = try Mailbox()
        if case .oauth2(let client) = credentials.authentication {
            self.tokenEndpoint = TokenEndpoint(client, timeout: manifest.timeout)
        } else {
            self.tokenEndpoint = nil
        }
        self.judge = AnswerJudge(manifest, credentials)
        self.state = DispatchState(
            pacing: manifest.rate.map(Pacing.init),
            usesTokens: self.tokenEndpoint != nil
        )
    }

    // MARK: - What happens

    package func start(_ handler: @escaping (InvokerEvent) -> Void) {
        self.handler = handler
        self.reports.attach(to: self.loop) { [weak self] batches in
            for reports in batches { self?.take(reports) }
        }
        if self.route.url.scheme == .http, IPAddress(self.route.url.host) == nil {
            self.logger.warning("deliveries are not encrypted: 'url' begins with http://")
        }
        handler(.ready)
    }

    package func invoke(_ invocation: Invocation) {
        self.invocations.add(invocation, for: invocation.id)
        self.handle(.invoked(invocation.id, effort: self.composer.effort(invocation)))
    }

    package func flush() {
        if self.state.hasWaiting { self.tell(.flush) }
    }

    package func withdraw() -> [InvocationID] {
        let ids = self.state.withdraw()
        self.forget(ids)
        return ids
    }

    package func reconsider() { self.handle(.reconsider) }

    package func stop(_ completion: @escaping () -> Void) {
        self.handle(.stop)
        completion()
    }

    private func take(_ reports: [ClientReport]) {
        let now = self.clock.milliseconds / 1000
        var answers: [DispatchState.Answer] = []
        answers.reserveCapacity(reports.count)
        var failures: [InvocationID: Undeliverable] = [:]
        for report in reports {
            switch report {
            case .answered(let answer) where answer.id == TokenEndpoint.requestID:
                self.takeGrant(answer)
            case .answered(let answer):
                answers.append(
                    DispatchState.Answer(
                        id: InvocationID(rawValue: answer.id),
                        verdict: self.judge.verdict(on: answer, now: now),
                        nanoseconds: UInt64(clamping: answer.microseconds * 1000)
                    )
                )
            case .composed(let request):
                self.composed.append(request)
            case .notComposed(let id, let failure):
                failures[id] = failure
            }
        }
        if !answers.isEmpty { self.handle(.answered(answers)) }
        if !failures.isEmpty { self.handle(.notComposed(failures)) }
        if !self.composed.isEmpty {
            self.handle(.composed(self.composed.map { InvocationID(rawValue: $0.id) }))
            self.composed = []
        }
    }

    private func takeGrant(_ answer: HTTPAnswer) {
        do throws(TokenEndpoint.Refusal) {
            let grant = try TokenEndpoint.grant(in: answer)
            // Must precede the first request that carries the token.
            self.judge.hide(grant.token)
            self.handle(.tokenGranted(grant))
        } catch {
            self.handle(.tokenRefused(reason: error.reason))
        }
    }

    // MARK: - What follows

    private func handle(_ event: DispatchState.Event) {
        self.tell(event)
        // After any event, a waiting invocation may be due to be sent.
        if self.state.hasWaiting { self.loop.flushAtTurnEnd(self) }
    }

    private func tell(_ event: DispatchState.Event) {
        for action in self.state.handle(event, at: .now) { self.perform(action) }
    }

    private func perform(_ action: DispatchState.Action) {
        switch action {
        case .send(let ids, let token):
            self.send(self.batch(ids, token))
        case .compose(let ids, let token):
            self.client.compose(self.batch(ids, token))
        case .sendComposed(let ids):
            self.client.send(self.composed.filter { ids.contains(InvocationID(rawValue: $0.id)) })
        case .fetchToken:
            if let endpoint = self.tokenEndpoint { self.client.send([endpoint.request(replyTo: self.reports)]) }
        case .report(let results):
            for result in results { self.invocations.remove(result.id) }
            self.handler(.results(results))
        case .reportPaused(let reason, let end, let notRun):
            self.forget(notRun)
            self.handler(.paused(reason: reason, until: end.map { SteadyInstant($0) }, notRun: notRun))
        case .reportReady:
            self.handler(.ready)
        case .setPacingTimer(let wait):
            self.pacingTimer = self.loop.schedule(after: wait) { [weak self] in self?.handle(.pacingTimer) }
        case .setPauseTimer(let end):
            if let timer = self.pauseTimer { self.loop.cancel(timer) }
            self.pauseTimer = end.map { end in
                self.loop.schedule(after: ContinuousClock.now.duration(to: end)) { [weak self] in
                    self?.handle(.pauseTimer)
                }
            }
        case .flushAgain:
            self.loop.continueAtOnce()
        case .end:
            self.end()
        }
    }

    private func batch(_ ids: [InvocationID], _ token: AccessToken?) -> RequestBatch {
        let terms = RequestTerms(
            composer: self.composer,
            token: token,
            route: self.route,
            excerptLimit: self.judge.excerptLimit,
            replyTo: self.reports
        )
        return RequestBatch(terms: terms, invocations: ids.compactMap { self.invocations[$0] })
    }

    private func send(_ batch: RequestBatch) {
        var requests: [HTTPRequest] = []
        requests.reserveCapacity(batch.invocations.count)
        for invocation in batch.invocations {
            do throws(Undeliverable) {
                requests.append(try batch.terms.compose(invocation))
            } catch {
                // Reported in the next turn, as if it had been composed on another thread.
                self.reports.send([.notComposed(invocation.id, error)])
            }
        }
        if !requests.isEmpty { self.client.send(requests) }
    }

    private func forget(_ ids: [InvocationID]) { for id in ids { self.invocations.remove(id) } }

    private func end() {
        for timer in [self.pacingTimer, self.pauseTimer].compactMap({ $0 }) { self.loop.cancel(timer) }
        self.reports.detach(from: self.loop)
        self.client.forget(self.route)
        if let endpoint = self.tokenEndpoint { self.client.forget(endpoint.route) }
    }
}
