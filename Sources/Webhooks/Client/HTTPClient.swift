package import EventLoops

/// The host's one way to HTTP: all requests of all webhooks on one thread, over libcurl's multi interface.
///
/// Requests are sent from anywhere, in batches; answers come back through the mailbox that each request names. A
/// request has exactly one answer. Connections are kept and used again.
package final class HTTPClient: Sendable {
    /// What the operator of the host decides.
    package struct Configuration: Sendable {
        package var addresses: AddressGuard
        /// Use the proxy that the environment names (`https_proxy` and the like). It then decides where requests get
        /// to: what the guard sees is the proxy's own address.
        package var usesProxyOfEnvironment: Bool

        package init(addresses: AddressGuard, usesProxyOfEnvironment: Bool = false) {
            self.addresses = addresses
            self.usesProxyOfEnvironment = usesProxyOfEnvironment
        }
    }

    enum Command: Sendable {
        case send([HTTPRequest])
        case compose(RequestBatch)
        /// The thread that composes has done all that it was given.
        case composingEnded
        /// A lookup has ended.
        case resolved(name: String, NameResolver.Result)
        /// No requests follow for it.
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

    /// Composes requests that take long, on a thread beside all others. Each is reported, and not sent.
    func compose(_ batch: RequestBatch) {
        if !self.inbox.send(.compose(batch)) { Self.refuse(batch.refusals) }
    }

    /// Lets go of what was kept for the route. No request may be under way for it.
    package func forget(_ route: HTTPRoute) { self.inbox.send(.forget(route)) }

    /// Ends the thread. Requests that are under way are answered as failed.
    package func stop() { self.inbox.send(.close) }

    /// For what comes too late.
    private static func refuse(_ refusals: [Reply]) {
        var replies = Replies()
        for refusal in refusals { replies.add(refusal) }
        replies.send()
    }
}
