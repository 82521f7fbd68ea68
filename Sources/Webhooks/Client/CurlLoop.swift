import CCurl
import EventLoops

/// The client's loop on its own thread: accepts requests, drives libcurl, and delivers answers.
final class CurlLoop {
    /// The longest sleep between two turns, in milliseconds. A new request or a ready socket ends it earlier.
    private static let longestWait: Int32 = 1000
    private let multi: MultiHandle
    private let inbox: Mailbox<HTTPClient.Command>
    private let usesProxyOfEnvironment: Bool
    private let addresses: AddressChecker
    /// Idle transfers by their route. A route that was forgotten has no entry.
    private var idle: [ObjectIdentifier: [CurlTransfer]] = [:]
    private var running: [ObjectIdentifier: CurlTransfer] = [:]
    private var replies = Replies()
    private var isClosing = false

    private var names = NameLookups()
    /// Requests that wait until their host name has been resolved.
    private var waitingRequests = RequestQueue()
    /// Batches whose requests take long to compose.
    private var composing = CompositionQueue()

    /// - Parameter inbox: the commands. Other threads that work for this one send their results through it, too.
    init(_ multi: MultiHandle, _ configuration: HTTPClient.Configuration, _ inbox: Mailbox<HTTPClient.Command>) {
        self.multi = multi
        self.inbox = inbox
        self.usesProxyOfEnvironment = configuration.usesProxyOfEnvironment
        self.addresses = AddressChecker(configuration.addresses)
    }

    /// Runs until the client is closed.
    func run() {
        while !self.isClosing {
            self.composeBeside()
            self.beginLookups()
            self.endOverdueLookups()
            var count: Int32 = 0
            curl_multi_perform(self.multi.pointer, &count)
            self.finishTransfers()
            self.replies.send()
            guard self.multi.poll(self.inbox.descriptor, milliseconds: self.wait) else { continue }
            for command in self.inbox.receive() { self.perform(command) }
        }
        for refusal in self.composing.takeAll().flatMap(\.refusals) { self.replies.add(refusal) }
        for request in self.waitingRequests.takeAll() { self.replies.add(.refusal(of: request)) }
        for transfer in self.running.values {
            curl_multi_remove_handle(self.multi.pointer, transfer.handle)
            self.replies.add(transfer.fail(.hostStopped))
        }
        self.replies.send()
        self.running = [:]
        self.idle = [:]
    }

    /// How long to sleep, in milliseconds. Rounded up, because the last millisecond would otherwise be spent in many
    /// short turns.
    private var wait: Int32 {
        guard let end = self.waitingRequests.firstEnd else { return Self.longestWait }
        let left = ContinuousClock.now.duration(to: end) / .milliseconds(1)
        return Int32(max(0, min(Double(Self.longestWait), left.rounded(.up))))
    }

    private func perform(_ command: HTTPClient.Command) {
        switch command {
        case .send(let requests): for request in requests { self.admit(request) }
        case .compose(let batch): self.composing.add(batch)
        case .composingEnded: self.composing.ended()
        case .resolved(let name, let result): self.finishLookup(name, result)
        case .forget(let route): self.idle[ObjectIdentifier(route)] = nil
        case .close: self.isClosing = true
        }
    }

    // MARK: - Composing

    private func composeBeside() {
        let batches = self.composing.begin()
        guard !batches.isEmpty else { return }
        do throws(SystemError) {
            try LoopThread.start(named: "compose") { [inbox = self.inbox] in
                for batch in batches { batch.composeAndReport() }
                inbox.send(.composingEnded)
            }
        } catch {
            // Without another thread the composition delays other requests, which is better than failing.
            for batch in batches { batch.composeAndReport() }
            self.composing.ended()
        }
    }

    // MARK: - Names

    /// Begins the request, or queues it until its host name has been resolved.
    private func admit(_ request: HTTPRequest) {
        // A proxy resolves the names of its targets itself.
        guard let name = request.route.name, !self.usesProxyOfEnvironment else { return self.begin(request, nil) }
        let now = ContinuousClock.now
        if let known = self.names.addresses(of: name, at: now) {
            self.begin(request, known)
        } else {
            self.waitingRequests.add(request, for: name, at: now)
        }
    }

    private func beginLookups() {
        // A lookup that cannot be started makes room for the next one, hence the loop.
        while case let names = self.names.begin(), !names.isEmpty {
            for name in names {
                do throws(SystemError) {
                    try NameResolver.start(name) { [inbox = self.inbox] in inbox.send(.resolved(name: name, $0)) }
                } catch {
                    self.finishLookup(name, .failed(words: "the host's name could not be looked up: \(error)"))
                }
            }
        }
    }

    private func finishLookup(_ name: String, _ result: NameResolver.Result) {
        let now = ContinuousClock.now
        let known = self.names.finished(name, result.addresses, at: now)
        for (request, since) in self.waitingRequests.take(name) {
            let waited = since.duration(to: now)
            switch result {
            case .found: self.begin(request, known, waited: waited)
            case .failed(let words):
                self.replies.add(
                    .refusal(of: request, TransferRefusal(problem: .dns, words: words), waited: waited)
                )
            }
        }
    }

    private func endOverdueLookups() {
        for (request, waited) in self.waitingRequests.takeOverdue(at: .now) {
            let words = "no answer in time: the time ran out while looking up the host's name"
            self.replies.add(.refusal(of: request, TransferRefusal(problem: .timeout, words: words), waited: waited))
        }
    }

    // MARK: - Transfers

    private func begin(_ request: HTTPRequest, _ known: NameLookups.Known?, waited: Duration = .zero) {
        let transfer: CurlTransfer
        do throws(TransferRefusal) {
            transfer = try self.transfer(for: request.route)
        } catch {
            return self.replies.add(.refusal(of: request, error))
        }
        do throws(TransferRefusal) {
            try transfer.begin(request, known, waited: waited)
        } catch {
            return self.replies.add(transfer.fail(error))
        }
        guard curl_multi_add_handle(self.multi.pointer, transfer.handle) == CURLM_OK else {
            let refusal = TransferRefusal(problem: .client, words: "libcurl rejects the request")
            return self.replies.add(transfer.fail(refusal))
        }
        self.running[ObjectIdentifier(transfer)] = transfer
    }

    private func transfer(for route: HTTPRoute) throws(TransferRefusal) -> CurlTransfer {
        if let known = self.idle[ObjectIdentifier(route), default: []].popLast() { return known }
        return try CurlTransfer(route, self.addresses, usesProxyOfEnvironment: self.usesProxyOfEnvironment)
    }

    private func finishTransfers() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(self.multi.pointer, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let context = warren_curl_context(handle)
            else { continue }
            // The message is invalid after its handle has been removed, so its result is read first.
            let result = warren_curl_message_result(message)
            // The context points to the transfer, which `running` has kept alive until here.
            let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
            curl_multi_remove_handle(self.multi.pointer, handle)
            self.running[ObjectIdentifier(transfer)] = nil
            let reply = transfer.finish(result)
            if reply.answer.result.meansNoConnection, let name = transfer.route.name {
                self.names.doubt(name, at: .now)
            }
            self.replies.add(reply)
            self.idle[ObjectIdentifier(transfer.route)]?.append(transfer)
        }
    }
}
