import CCurl
import EventLoops
import Glibc
import Manifests

/// A libcurl easy handle with the memory that libcurl reads and writes while it works. Created for one route, reused
/// for one request after another, confined to the client's thread.
///
/// It owns its handle and its memory, and frees both. libcurl's callbacks get an unretained pointer to it. The pointer
/// is valid because `CurlLoop` keeps the transfer for as long as its handle is in the multi handle, and libcurl calls
/// the callbacks only from there.
final class CurlTransfer {
    /// A longer body is cut off: its status is known, and nothing else counts.
    private static let longestBody = 64 << 10
    private static let longestHead = 64 << 10
    /// How long a connection is reused, so that a changed address of its name is noticed; and how long it may be idle,
    /// which is shorter than what servers allow. In seconds.
    private static let connectionLifetime = 300
    private static let connectionIdleTime = 55
    /// How long libcurl caches an address that it has resolved itself, which is that of a proxy. In seconds.
    private static let addressLifetime = 10

    let route: HTTPRoute
    let handle: UnsafeMutableRawPointer
    private let options: CurlOptions
    private let addresses: AddressChecker
    private let errorBuffer: UnsafeMutablePointer<CChar>
    private var memory = RequestMemory()
    private var request: HTTPRequest?
    /// The resolved addresses in libcurl's format, and their version. libcurl reads the list when a request begins.
    private var resolution: UnsafeMutablePointer<curl_slist>?
    private var resolutionVersion: UInt64 = 0
    /// The paths of the PEM files that libcurl got as bytes. libcurl's messages name the option instead of the file.
    private var tlsPaths: [(option: String, path: String)] = []
    /// How long the request had waited for name resolution before it began here.
    private var waited = Duration.zero

    // What the callbacks have found out about the answer.
    private var received = 0
    private var headSize = 0
    private var excerpt: [UInt8] = []
    private var isHeadTooLarge = false
    private var isBlocked = false

    init(_ route: HTTPRoute, _ addresses: AddressChecker, usesProxyOfEnvironment: Bool) throws(TransferRefusal) {
        guard let handle = curl_easy_init() else {
            throw TransferRefusal(problem: .client, words: "the host has no memory left for the request")
        }
        self.route = route
        self.handle = handle
        self.options = CurlOptions(handle)
        self.addresses = addresses
        self.errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        self.errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try self.setUp(usesProxyOfEnvironment)
    }

    deinit {
        curl_easy_cleanup(self.handle)
        curl_slist_free_all(self.resolution)
        self.errorBuffer.deallocate()
        self.memory.free()
    }

    // MARK: - Setting up

    private func setUp(_ usesProxyOfEnvironment: Bool) throws(TransferRefusal) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        let options = self.options
        try options.set(CURLOPT_PRIVATE, pointer: context)
        try options.set(CURLOPT_URL, self.route.url.text)
        try options.set(CURLOPT_POST, 1)
        try options.set(CURLOPT_USERAGENT, "Warren/1")
        // Only HTTP, and no redirects: a redirect would lead to an address that no manifest names.
        try options.set(CURLOPT_PROTOCOLS_STR, "http,https")
        try options.set(CURLOPT_FOLLOWLOCATION, 0)
        try options.set(
            CURLOPT_HTTP_VERSION,
            self.route.offersHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1
        )
        try options.set(CURLOPT_PIPEWAIT, self.route.offersHTTP2 ? 1 : 0)
        // A slow resolver must not block the thread after its transfer has timed out.
        try options.set(CURLOPT_QUICK_EXIT, 1)
        try options.set(CURLOPT_NOSIGNAL, 1)
        try options.set(CURLOPT_DNS_CACHE_TIMEOUT, Self.addressLifetime)
        try options.set(CURLOPT_MAXLIFETIME_CONN, Self.connectionLifetime)
        try options.set(CURLOPT_MAXAGE_CONN, Self.connectionIdleTime)
        if !usesProxyOfEnvironment {
            try options.set(CURLOPT_PROXY, "")
            try options.set(CURLOPT_NOPROXY, "*")
        }
        try self.setUpTLS()
        try options.set(CURLOPT_ERRORBUFFER, pointer: self.errorBuffer)
        try self.setUpCallbacks()
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA] {
            try options.set(option, pointer: context)
        }
    }

    private func setUpCallbacks() throws(TransferRefusal) {
        try self.options.check(
            CURLOPT_WRITEFUNCTION,
            warren_curl_set_receiver(self.handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                CurlTransfer.of(context)?.receiveBody(bytes, size * count) ?? 0
            }
        )
        try self.options.check(
            CURLOPT_HEADERFUNCTION,
            warren_curl_set_receiver(self.handle, CURLOPT_HEADERFUNCTION) { _, size, count, context in
                CurlTransfer.of(context)?.receiveHead(size * count) ?? 0
            }
        )
        try self.options.check(
            CURLOPT_OPENSOCKETFUNCTION,
            warren_curl_set_socket_opener(self.handle) { context, _, address in
                CurlTransfer.of(context)?.openSocket(address) ?? CURL_SOCKET_BAD
            }
        )
        try self.options.check(
            CURLOPT_PREREQFUNCTION,
            warren_curl_set_request_check(self.handle) { context, remote, _, _, _ in
                let isAllowed = CurlTransfer.of(context)?.allows(remote) ?? false
                return isAllowed ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
            }
        )
    }

    private func setUpTLS() throws(TransferRefusal) {
        // TLS 1.2 or newer, expressed in two ways. libcurl shares a connection between transfers with equal settings,
        // and ignores the HTTP version when it compares them. The different maximum keeps a transfer that did not ask
        // for HTTP/2 from getting an HTTP/2 connection.
        let newest = self.route.offersHTTP2 ? CURL_SSLVERSION_MAX_TLSv1_3 : 0
        try self.options.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 | newest)
        let material = try TLSMaterial(reading: self.route.tls)
        if let ca = material.ca {
            try self.options.set(CURLOPT_CAINFO_BLOB, bytes: ca.bytes)
            // Only the authorities in this file are trusted.
            try self.options.set(CURLOPT_CAPATH, nil)
        }
        if let certificate = material.certificate {
            try self.options.set(CURLOPT_SSLCERT_BLOB, bytes: certificate.bytes)
            self.tlsPaths.append(("CURLOPT_SSLCERT_BLOB", certificate.path))
        }
        if let key = material.key {
            try self.options.set(CURLOPT_SSLKEY_BLOB, bytes: key.bytes)
            self.tlsPaths.append(("CURLOPT_SSLKEY_BLOB", key.path))
        }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
        context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: - One request

    /// - Parameters:
    ///   - known: the addresses of the route's host; `nil` if libcurl resolves the name itself, which it does for
    ///     addresses, for `localhost`, and for proxies.
    ///   - waited: how much of the request's timeout has passed already.
    /// - Throws: a refusal if the request cannot begin. The caller then ends it with `fail` and discards the transfer.
    func begin(_ request: HTTPRequest, _ known: NameLookups.Known?, waited: Duration) throws(TransferRefusal) {
        self.request = request
        self.waited = waited
        self.received = 0
        self.headSize = 0
        self.excerpt.removeAll(keepingCapacity: true)
        self.isHeadTooLarge = false
        self.isBlocked = false
        self.errorBuffer[0] = 0
        self.memory.fill(request.headers, request.body)
        try self.options.set(CURLOPT_HTTPHEADER, pointer: self.memory.headers)
        try self.options.set(CURLOPT_POSTFIELDS, pointer: self.memory.body)
        try self.options.setBodySize(request.body.count)
        // Zero would mean no limit.
        let least = 1
        try self.options.set(CURLOPT_TIMEOUT_MS, max(least, (self.route.timeout - waited).milliseconds))
        try self.options.set(CURLOPT_CONNECTTIMEOUT_MS, max(least, (self.route.connectTimeout - waited).milliseconds))
        if let known { try self.resolve(known) }
    }

    /// Gives libcurl the addresses of the name, which libcurl keeps for all transfers until it gets others.
    private func resolve(_ known: NameLookups.Known) throws(TransferRefusal) {
        guard known.version != self.resolutionVersion else { return }
        let addresses = known.addresses.map(\.urlText).joined(separator: ",")
        guard let list = curl_slist_append(nil, "\(self.route.url.host):\(self.route.url.port):\(addresses)") else {
            throw TransferRefusal(problem: .client, words: "the host has no memory left for the request")
        }
        let old = self.resolution
        self.resolution = list
        // libcurl may use the old list until it has the new one.
        defer { curl_slist_free_all(old) }
        try self.options.set(CURLOPT_RESOLVE, pointer: list)
        self.resolutionVersion = known.version
    }

    /// - Returns: the answer, addressed to the sender of the request.
    func finish(_ code: CURLcode) -> Reply {
        let status = warren_curl_number(self.handle, CURLINFO_RESPONSE_CODE)
        // A body that was cut off here is not a failure of the endpoint.
        let isCutOff = code == CURLE_WRITE_ERROR && self.received > Self.longestBody
        if code == CURLE_OK || isCutOff {
            return self.answer(.status(status), retryAfter: status == 429 || status == 503 ? self.retryAfter : nil)
        }
        let failure = CurlFailure(code, self.handle, isBlocked: self.isBlocked, isHeadTooLarge: self.isHeadTooLarge)
        // libcurl ends every text in the buffer with NUL.
        let detail = self.tlsPaths.reduce(String(cString: self.errorBuffer)) { $0.replacing($1.option, with: $1.path) }
        return self.fail(TransferRefusal(problem: failure.problem, words: failure.words(detail: detail)))
    }

    func fail(_ refusal: TransferRefusal) -> Reply { self.answer(.failed(refusal.problem, words: refusal.words)) }

    private func answer(_ result: HTTPAnswer.Result, retryAfter: String? = nil) -> Reply {
        guard let request = self.request else { preconditionFailure("a transfer ends once, after it has begun") }
        self.request = nil
        self.memory.shrink()
        return Reply(
            HTTPAnswer(
                id: request.id,
                result: result,
                retryAfter: retryAfter,
                excerpt: self.excerpt,
                isTruncated: self.received > self.excerpt.count || result.isFailure,
                microseconds: self.waited.microseconds + warren_curl_time(self.handle, CURLINFO_TOTAL_TIME_T)
            ),
            to: request.replyTo
        )
    }

    private var retryAfter: String? {
        var header: UnsafeMutablePointer<curl_header>?
        guard curl_easy_header(self.handle, "Retry-After", 0, UInt32(CURLH_HEADER), -1, &header) == CURLHE_OK else {
            return nil
        }
        return header.map { String(cString: $0.pointee.value) }
    }

    // MARK: - Callbacks

    /// Any return value other than `count` ends the transfer.
    private func receiveBody(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        self.received += count
        let room = (self.request?.excerptLimit ?? 0) - self.excerpt.count
        if room > 0, let bytes {
            // The bytes belong to libcurl and are valid for this call; the excerpt is copied.
            self.excerpt.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: min(count, room)))
        }
        return self.received > Self.longestBody ? 0 : count
    }

    private func receiveHead(_ count: Int) -> Int {
        self.headSize += count
        self.isHeadTooLarge = self.headSize > Self.longestHead
        return self.isHeadTooLarge ? 0 : count
    }

    private func openSocket(_ target: UnsafeMutablePointer<curl_sockaddr>?) -> curl_socket_t {
        guard let target else { return CURL_SOCKET_BAD }
        // The address belongs to libcurl, is valid for this call, and is as long as its family requires.
        let isAllowed =
            withUnsafePointer(to: &target.pointee.addr) { IPAddress($0) }.map(self.addresses.allows) ?? false
        guard isAllowed else {
            self.isBlocked = true
            return CURL_SOCKET_BAD
        }
        return socket(
            target.pointee.family,
            target.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue),
            target.pointee.protocol
        )
    }

    /// Called before each request, also on a reused connection.
    private func allows(_ remote: UnsafeMutablePointer<CChar>?) -> Bool {
        let isAllowed = remote.flatMap { IPAddress(String(cString: $0)) }.map(self.addresses.allows) ?? false
        if !isAllowed { self.isBlocked = true }
        return isAllowed
    }
}

extension Duration {
    fileprivate var milliseconds: Int { Int(self / .milliseconds(1)) }
    var microseconds: Int64 { Int64(self / .microseconds(1)) }
}
