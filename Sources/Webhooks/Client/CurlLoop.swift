import CCurl

/// The client's side on its thread: takes requests in, turns libcurl's wheel, and gives answers out.
final class CurlLoop {
    /// How long the wheel may stand still; whoever has something to do turns it earlier.
    private static let longestWait: Int32 = 1000
    /// Connections that are kept although nobody uses them. libcurl's own rule, four for each transfer, forgets when
    /// transfers come and go.
    private static let idleConnections = 256

    private let wake: MultiWakeup
    private let multi: UnsafeMutableRawPointer
    private let usesProxyOfEnvironment: Bool
    private let addresses: AddressJudge
    private let take: () -> [HTTPClient.Command]
    /// Transfers that wait for a request, by their route; nothing for a route that has been forgotten.
    private var idle: [ObjectIdentifier: [CurlTransfer]] = [:]
    private var running: [ObjectIdentifier: CurlTransfer] = [:]
    private var replies = Replies()
    private var isClosing = false

    init(
        _ wake: MultiWakeup,
        _ configuration: HTTPClient.Configuration,
        take: @escaping () -> [HTTPClient.Command]
    ) {
        self.wake = wake
        self.multi = wake.multi
        self.usesProxyOfEnvironment = configuration.usesProxyOfEnvironment
        self.addresses = AddressJudge(configuration.addresses)
        self.take = take
        _ = warren_curl_multi_set_number(self.multi, CURLMOPT_MAXCONNECTS, Self.idleConnections)
    }

    /// Turns until the client is closed.
    func run() {
        while !self.isClosing {
            for command in self.take() { self.perform(command) }
            var count: Int32 = 0
            curl_multi_perform(self.multi, &count)
            self.finishTransfers()
            self.replies.send()
            curl_multi_poll(self.multi, nil, 0, Self.longestWait, nil)
        }
        for transfer in self.running.values {
            curl_multi_remove_handle(self.multi, transfer.handle)
            self.replies.add(transfer.fail(.client, "the host has stopped"))
        }
        self.replies.send()
        self.running = [:]
        self.idle = [:]
        self.wake.cleanUp()
    }

    private func perform(_ command: HTTPClient.Command) {
        switch command {
        case .send(let requests): for request in requests { self.begin(request) }
        case .forget(let route): self.idle[ObjectIdentifier(route)] = nil
        case .close: self.isClosing = true
        }
    }

    private func begin(_ request: HTTPRequest) {
        let key = ObjectIdentifier(request.route)
        let known = self.idle[key, default: []].popLast()
        let made =
            known
            ?? CurlTransfer(
                request.route,
                self.addresses,
                usesProxyOfEnvironment: self.usesProxyOfEnvironment
            )
        guard let transfer = made else { return self.replies.add(.refusal(of: request)) }
        transfer.begin(request)
        guard curl_multi_add_handle(self.multi, transfer.handle) == CURLM_OK else {
            return self.replies.add(transfer.fail(.client, "libcurl does not take the request"))
        }
        self.running[ObjectIdentifier(transfer)] = transfer
    }

    private func finishTransfers() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(self.multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle,
                let context = warren_curl_context(handle)
            else { continue }
            // The message is void when its transfer is taken out, so its result is read before.
            let result = warren_curl_message_result(message)
            // The context is the transfer that `running` keeps alive until it is taken out here.
            let transfer = Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
            curl_multi_remove_handle(self.multi, handle)
            self.running[ObjectIdentifier(transfer)] = nil
            self.replies.add(transfer.finish(result))
            self.idle[ObjectIdentifier(transfer.route)]?.append(transfer)
        }
    }
}
