package import EventLoops

/// The host's only HTTP client: one thread handles the requests of all webhooks with libcurl's multi interface.
///
/// Any thread may send requests, in batches. Answers arrive in the mailbox that each request names, and each request
/// gets exactly one. Connections are kept and reused.
package final class HTTPClient: Sendable {
    /// The settings that the host's operator chooses.
    package struct Configuration: Sendable {
        package var addresses: AddressGuard
        /// Whether to use the proxy that the environment names (`https_proxy` and the like). The proxy then decides
        /// where requests go, because the guard sees only the proxy's own address.
        package var usesProxyOfEnvironment: Bool

        package init(addresses: AddressGuard, usesProxyOfEnvironment: Bool = false) {
            self.addresses = addresses
            self.usesProxyOfEnvironment = usesProxyOfEnvironment
        }
    }

    enum Command: Sendable {
        case send([HTTPRequest])
        case compose(RequestBatch)
        /// The composing thread has finished its work.
        case composingEnded
        /// A name lookup has ended.
        case resolved(name: String, NameResolver.Result)
        /// No more requests follow for this route.
        case forget(HTTPRoute)
        case close
    }

    private let inbox: Mailbox<Command>

    /// Starts the thread.
    package init(_ configuration: Configuration) throws(SystemError) {
        let multi = try MultiHandle()
        self.inbox = try Mailbox()
        try LoopThread.start(named: "webhooks") { [inbox = self.inbox] in
            CurlLoop(multi, configuration, inbox).run()
            for command in inbox.close() {
                switch command {
                case .send(let requests): Self.refuse(requests.map { .refusal(of: $0) })
                case .compose(let batch): Self.refuse(batch.refusals)
                case .composingEnded, .resolved, .forget, .close: break
                }
            }
        }
    }

    package func send(_ requests: [HTTPRequest]) {
        if !self.inbox.send(.send(requests)) { Self.refuse(requests.map { .refusal(of: $0) }) }
    }

    /// Composes requests that take long, on a separate thread. Each one is reported, but not sent.
    func compose(_ batch: RequestBatch) {
        if !self.inbox.send(.compose(batch)) { Self.refuse(batch.refusals) }
    }

    /// Releases what was kept for the route. None of its requests may be in progress.
    package func forget(_ route: HTTPRoute) { self.inbox.send(.forget(route)) }

    /// Ends the thread. Requests in progress are answered as failed.
    package func stop() { self.inbox.send(.close) }

    /// Answers requests that arrive after the client has been stopped.
    private static func refuse(_ refusals: [Reply]) {
        var replies = Replies()
        for refusal in refusals { replies.add(refusal) }
        replies.send()
    }
}
