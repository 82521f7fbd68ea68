import CCurl
import Glibc
import Manifests
import Polling

/// One easy handle with the memory that libcurl reads from and writes to while it works. Made for one route, used for one
/// request after another, confined to the client's thread.
///
/// It owns its handle and its memory, and frees both; libcurl's callbacks get a pointer to it that nobody retains, which is
/// valid because `CurlLoop` keeps it for as long as its handle is in the multi handle, and they are called from there only.
final class CurlTransfer {
    /// Answers with more than this are cut off: their status is known, and that is all that counts.
    private static let longestBody = 64 << 10
    private static let longestHead = 64 << 10
    /// How long a connection is used, so that a change of the name's address gets noticed, and how long it may lie idle:
    /// shorter than what servers allow, in seconds.
    private static let connectionLifetime = 300
    private static let connectionIdleTime = 55
    /// How long an address is remembered, in seconds; libcurl knows nothing of the name's own time to live.
    private static let addressLifetime = 10

    let route: HTTPRoute
    let handle: UnsafeMutableRawPointer
    private let addresses: AddressJudge
    private let errorBuffer: UnsafeMutablePointer<CChar>
    private var memory = RequestMemory()
    private var request: HTTPRequest?

    // What the callbacks find out about the answer.
    private var received = 0
    private var headSize = 0
    private var excerpt: [UInt8] = []
    private var isHeadTooLarge = false
    private var isBlocked = false

    /// Nil when there is no memory.
    init?(_ route: HTTPRoute, _ addresses: AddressJudge, usesProxyOfEnvironment: Bool) {
        guard let handle = curl_easy_init() else { return nil }
        self.route = route
        self.handle = handle
        self.addresses = addresses
        self.errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        self.errorBuffer.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        self.setUp(usesProxyOfEnvironment)
    }

    deinit {
        curl_easy_cleanup(self.handle)
        self.errorBuffer.deallocate()
        self.memory.free()
    }

    // MARK: - Setting up

    private func set(_ option: CURLoption, _ number: Int) { _ = warren_curl_set_number(self.handle, option, number) }
    private func set(_ option: CURLoption, _ text: String) { _ = warren_curl_set_text(self.handle, option, text) }

    private func setUp(_ usesProxyOfEnvironment: Bool) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        _ = warren_curl_set_pointer(self.handle, CURLOPT_PRIVATE, context)
        self.set(CURLOPT_URL, self.route.url.text)
        self.set(CURLOPT_POST, 1)
        self.set(CURLOPT_USERAGENT, "Warren/1")
        // Nothing but HTTP, nowhere but here: a redirect would be another address that nobody has named.
        self.set(CURLOPT_PROTOCOLS_STR, "http,https")
        self.set(CURLOPT_FOLLOWLOCATION, 0)
        self.set(CURLOPT_HTTP_VERSION, self.route.offersHTTP2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
        self.set(CURLOPT_PIPEWAIT, self.route.offersHTTP2 ? 1 : 0)
        self.set(CURLOPT_TIMEOUT_MS, self.route.timeout.milliseconds)
        self.set(CURLOPT_CONNECTTIMEOUT_MS, self.route.connectTimeout.milliseconds)
        // A slow resolver must not hold up the thread when its transfer has given up.
        self.set(CURLOPT_QUICK_EXIT, 1)
        self.set(CURLOPT_NOSIGNAL, 1)
        self.set(CURLOPT_DNS_CACHE_TIMEOUT, Self.addressLifetime)
        self.set(CURLOPT_MAXLIFETIME_CONN, Self.connectionLifetime)
        self.set(CURLOPT_MAXAGE_CONN, Self.connectionIdleTime)
        if !usesProxyOfEnvironment {
            self.set(CURLOPT_PROXY, "")
            self.set(CURLOPT_NOPROXY, "*")
        }
        self.setUpTLS()
        _ = warren_curl_set_pointer(self.handle, CURLOPT_ERRORBUFFER, self.errorBuffer)
        _ = warren_curl_set_receiver(self.handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            CurlTransfer.of(context)?.receiveBody(bytes, size * count) ?? 0
        }
        _ = warren_curl_set_receiver(self.handle, CURLOPT_HEADERFUNCTION) { _, size, count, context in
            CurlTransfer.of(context)?.receiveHead(size * count) ?? 0
        }
        _ = warren_curl_set_socket_opener(self.handle) { context, _, address in
            CurlTransfer.of(context)?.openSocket(address) ?? CURL_SOCKET_BAD
        }
        _ = warren_curl_set_request_check(self.handle) { context, remote, _, _, _ in
            let isAllowed = CurlTransfer.of(context)?.allows(remote) ?? false
            return isAllowed ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
        for option in [CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_OPENSOCKETDATA, CURLOPT_PREREQDATA] {
            _ = warren_curl_set_pointer(self.handle, option, context)
        }
    }

    private func setUpTLS() {
        // TLS 1.2 and what is newer, said in two ways: libcurl shares connections between transfers whose settings are the
        // same, and takes no notice of the version of HTTP. One that has not asked for HTTP/2 is not to get it.
        let newest = self.route.offersHTTP2 ? CURL_SSLVERSION_MAX_TLSv1_3 : 0
        self.set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 | newest)
        if let ca = self.route.tls.ca {
            self.set(CURLOPT_CAINFO, ca)
            // Trusted is this file and nothing else, as it is now: libcurl remembers one by its name otherwise.
            _ = warren_curl_set_text(self.handle, CURLOPT_CAPATH, nil)
            self.set(CURLOPT_CA_CACHE_TIMEOUT, 0)
        }
        if let certificate = self.route.tls.certificate { self.set(CURLOPT_SSLCERT, certificate) }
        if let key = self.route.tls.key { self.set(CURLOPT_SSLKEY, key) }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
        context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: - One request

    func begin(_ request: HTTPRequest) {
        self.request = request
        self.received = 0
        self.headSize = 0
        self.excerpt.removeAll(keepingCapacity: true)
        self.isHeadTooLarge = false
        self.isBlocked = false
        self.errorBuffer[0] = 0
        self.memory.fill(request.headers, request.body)
        _ = warren_curl_set_pointer(self.handle, CURLOPT_HTTPHEADER, self.memory.headers)
        _ = warren_curl_set_pointer(self.handle, CURLOPT_POSTFIELDS, self.memory.body)
        _ = warren_curl_set_body_size(self.handle, Int64(request.body.count))
    }

    /// - Returns: the answer to the request, and who wants it.
    func finish(_ code: CURLcode) -> Reply {
        let status = warren_curl_number(self.handle, CURLINFO_RESPONSE_CODE)
        // A body that was cut off here is no mistake of the endpoint's.
        let isCutOff = code == CURLE_WRITE_ERROR && self.received > Self.longestBody
        if code == CURLE_OK || isCutOff {
            return self.answer(.status(status), retryAfter: status == 429 || status == 503 ? self.retryAfter : nil)
        }
        let failure = CurlFailure(code, self.handle, isBlocked: self.isBlocked, isHeadTooLarge: self.isHeadTooLarge)
        // The buffer is libcurl's, which ends every text in it with NUL.
        return self.fail(failure.problem, failure.words(detail: String(cString: self.errorBuffer)))
    }

    func fail(_ problem: TransferProblem, _ words: String) -> Reply { self.answer(.failed(problem, words: words)) }

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
                microseconds: warren_curl_time(self.handle, CURLINFO_TOTAL_TIME_T)
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

    /// Anything but the size that was given ends the transfer.
    private func receiveBody(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        self.received += count
        let room = (self.request?.excerptLimit ?? 0) - self.excerpt.count
        if room > 0, let bytes {
            // The bytes are libcurl's and valid for this call; what is wanted of them is copied.
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
        // The address is libcurl's, valid for this call, and as long as its family says.
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

    /// Asked before each request, those on a connection that is used again among them.
    private func allows(_ remote: UnsafeMutablePointer<CChar>?) -> Bool {
        let isAllowed = remote.flatMap { IPAddress(String(cString: $0)) }.map(self.addresses.allows) ?? false
        if !isAllowed { self.isBlocked = true }
        return isAllowed
    }

}

extension Duration {
    fileprivate var milliseconds: Int { Int(self / .milliseconds(1)) }
}
