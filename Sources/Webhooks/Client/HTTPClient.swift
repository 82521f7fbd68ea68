import CCurl
import Glibc
package import Polling
import Synchronization

/// The host's one way to HTTP: all requests of all webhooks on one thread, over libcurl's multi interface.
///
/// Requests are sent from anywhere, in batches; answers come back through the mailbox that each request names. A request
/// has exactly one answer. Connections are kept and used again.
package final class HTTPClient: Sendable {
    /// What the operator of the host decides.
    package struct Configuration: Sendable {
        package var addresses: AddressGuard
        /// Use the proxy that the environment names (`https_proxy` and the like). It then decides where requests get to:
        /// what the guard sees is the proxy's own address.
        package var usesProxyOfEnvironment: Bool

        package init(addresses: AddressGuard, usesProxyOfEnvironment: Bool = false) {
            self.addresses = addresses
            self.usesProxyOfEnvironment = usesProxyOfEnvironment
        }
    }

    enum Command: Sendable {
        case send([HTTPRequest])
        /// A lookup has ended.
        case resolved(name: String, NameResolver.Result)
        /// No requests follow for it.
        case forget(HTTPRoute)
        case close
    }

    private struct Inbox {
        var commands: [Command] = []
        var isClosed = false
    }

    /// Connections that are kept although nobody uses them. libcurl's own rule, four for each transfer, forgets when
    /// transfers come and go.
    private static let idleConnections = 256

    private let inbox = Mutex(Inbox())
    private let wake: MultiWakeup

    /// Starts the thread.
    package init(_ configuration: Configuration) throws(SystemError) {
        // Once in the process, before any other call; libcurl counts, and has a lock of its own for it since 7.84.
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let multi = curl_multi_init() else {
            throw SystemError("curl_multi_init", code: ENOMEM)
        }
        let wake = MultiWakeup(multi)
        self.wake = wake
        guard warren_curl_multi_set_number(multi, CURLMOPT_MAXCONNECTS, Self.idleConnections) == CURLM_OK else {
            wake.cleanUp()
            throw SystemError("curl_multi_setopt", code: EINVAL)
        }
        try LoopThread.start(named: "webhooks") {
            let loop = CurlLoop(self.wake, configuration, take: self.take) { name, result in
                self.add(.resolved(name: name, result))
            }
            loop.run()
            for case .send(let requests) in self.close() { Self.refuse(requests) }
        }
    }

    package func send(_ requests: [HTTPRequest]) {
        if !self.add(.send(requests)) { Self.refuse(requests) }
    }

    /// For requests that come too late.
    private static func refuse(_ requests: [HTTPRequest]) {
        var replies = Replies()
        for request in requests { replies.add(.refusal(of: request)) }
        replies.send()
    }

    /// Lets go of what was kept for the route. No request may be under way for it.
    package func forget(_ route: HTTPRoute) { self.add(.forget(route)) }

    /// Ends the thread. Requests that are under way are answered as failed.
    package func stop() { self.add(.close) }

    @discardableResult
    private func add(_ command: Command) -> Bool {
        let (isAccepted, isFirst) = self.inbox.withLock { inbox in
            guard !inbox.isClosed else { return (false, false) }
            inbox.commands.append(command)
            return (true, inbox.commands.count == 1)
        }
        if isFirst { self.wake.call() }
        return isAccepted
    }

    private func take() -> [Command] {
        self.inbox.withLock { inbox in
            defer { inbox.commands = [] }
            return inbox.commands
        }
    }

    private func close() -> [Command] {
        self.inbox.withLock { inbox in
            inbox.isClosed = true
            defer { inbox.commands = [] }
            return inbox.commands
        }
    }
}

/// The multi handle, which belongs to the client's thread, and the one call that others may make with it.
///
/// `@unchecked Sendable`: `curl_multi_wakeup` is the only function that may be called from every thread (its own manual
/// says so); the thread alone uses the pointer for anything else, and gives it back when it ends. The lock keeps a call
/// from meeting that end.
final class MultiWakeup: @unchecked Sendable {
    let multi: UnsafeMutableRawPointer
    private let isOpen = Mutex(true)

    init(_ multi: UnsafeMutableRawPointer) { self.multi = multi }

    func call() {
        self.isOpen.withLock { isOpen in
            if isOpen { curl_multi_wakeup(self.multi) }
        }
    }

    /// By the thread that owns the handle, when every transfer has been taken out.
    func cleanUp() {
        self.isOpen.withLock { isOpen in
            isOpen = false
            curl_multi_cleanup(self.multi)
        }
    }
}
