import CRabbitMQ
import Glibc
import Messaging

/// One connection of librabbitmq, from login to destruction.
///
/// `@unchecked Sendable`: librabbitmq allows one thread at a time per connection. The connecting thread makes the
/// handle and hands it over once; from then on only the thread of the loop that owns it uses it.
final class ConnectionHandle: @unchecked Sendable {
    /// In bytes. The default of RabbitMQ and of librabbitmq; RabbitMQ 4.1 refuses less than 8192.
    static let frameSize = 131_072

    let target: ConnectionTarget
    var address: AMQPAddress { self.target.address }
    let state: amqp_connection_state_t
    let descriptor: Int32

    /// Connects and logs in. Blocks for at most the address's connection timeout in each of these two steps.
    init(connectingTo target: ConnectionTarget, named name: String) throws(BrokerError) {
        let address = target.address
        guard let state = amqp_new_connection() else {
            throw BrokerError(.unreachable, "librabbitmq could not allocate a connection")
        }
        do throws(BrokerError) {
            try Self.open(state, target)
            try Self.logIn(state, address, name: name)
        } catch {
            amqp_destroy_connection(state)
            throw error
        }
        self.target = target
        self.state = state
        self.descriptor = amqp_get_sockfd(state)
        Self.tune(self.descriptor, heartbeat: address.heartbeat)
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        amqp_set_rpc_timeout(state, &timeout)
    }

    deinit { amqp_destroy_connection(self.state) }

    /// Whether the socket takes some tens of kilobytes without blocking its thread (tcp(7): a third of its buffer is
    /// free).
    var takesMore: Bool {
        var socket = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&socket, 1, 0) == 1
    }

    private static func open(_ state: amqp_connection_state_t, _ target: ConnectionTarget) throws(BrokerError) {
        let address = target.address
        let socket: OpaquePointer?
        if let tls = address.tls {
            socket = try self.tlsSocket(state, tls, address)
        } else {
            socket = amqp_tcp_socket_new(state)
        }
        guard let socket else { throw BrokerError(.unreachable, "librabbitmq could not allocate a socket") }
        var timeout = timeval(tv_sec: address.connectionTimeout, tv_usec: 0)
        amqp_set_handshake_timeout(state, &timeout)
        let status = amqp_socket_open_noblock(socket, target.host, Int32(address.port), &timeout)
        guard status == AMQP_STATUS_OK.rawValue else {
            let error = BrokerError.status(status, while: "connecting to", at: address)
            guard error.kind == .unreachable else { throw error }
            throw BrokerError(
                .unreachable,
                "cannot reach RabbitMQ at \(address) (\(BrokerError.words(status))); "
                    + "start it there, or name another broker"
            )
        }
    }

    private static func tlsSocket(
        _ state: amqp_connection_state_t,
        _ tls: AMQPAddress.TLS,
        _ address: AMQPAddress
    ) throws(BrokerError) -> OpaquePointer? {
        guard let socket = amqp_ssl_socket_new(state) else { return nil }
        amqp_ssl_socket_set_verify_peer(socket, 1)
        amqp_ssl_socket_set_verify_hostname(socket, 1)
        amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST)
        // librabbitmq 0.11 trusts no authority by default, not even the system's.
        let authorities = tls.authorityFile ?? "/etc/ssl/certs/ca-certificates.crt"
        guard amqp_ssl_socket_set_cacert(socket, authorities) == AMQP_STATUS_OK.rawValue else {
            throw BrokerError(.accessRefused, "the authorities in \(authorities) cannot be read; check cacertfile")
        }
        if let certificate = tls.certificateFile {
            let key = tls.keyFile ?? certificate
            guard amqp_ssl_socket_set_key(socket, certificate, key) == AMQP_STATUS_OK.rawValue else {
                throw BrokerError(
                    .accessRefused,
                    "the client certificate \(certificate) with key \(key) cannot be read; check certfile and keyfile"
                )
            }
        }
        return socket
    }

    private static func logIn(
        _ state: amqp_connection_state_t,
        _ address: AMQPAddress,
        name: String
    ) throws(BrokerError) {
        let reply = ClientProperties.with(connectionName: name) { properties in
            if address.tls?.usesExternalLogin == true {
                warren_amqp_login_external(
                    state,
                    address.virtualHost,
                    Int32(self.frameSize),
                    address.heartbeat,
                    properties,
                    address.user
                )
            } else {
                warren_amqp_login_plain(
                    state,
                    address.virtualHost,
                    Int32(self.frameSize),
                    address.heartbeat,
                    properties,
                    address.user,
                    address.password
                )
            }
        }
        guard let error = BrokerError.reply(reply, while: "logging in to", at: address) else { return }
        // With TLS 1.3 the broker verifies the client's certificate only now (RFC 8446, section 4.4.2.4).
        if reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION,
            reply.library_error == AMQP_STATUS_SSL_ERROR.rawValue
        {
            throw BrokerError(
                .accessRefused,
                "\(address) ended TLS during login; it may want another client certificate, named with "
                    + "?certfile= and keyfile="
            )
        }
        guard reply.reply_type != AMQP_RESPONSE_SERVER_EXCEPTION,
            reply.library_error == AMQP_STATUS_CONNECTION_CLOSED.rawValue
                || reply.library_error == AMQP_STATUS_SOCKET_ERROR.rawValue
        else { throw error }
        throw BrokerError(
            .accessRefused,
            "\(address) closed the connection during login; check user, password and virtual host, and whether the "
                + "broker is about to stop"
        )
    }

    /// Sets socket options so that the kernel notices a dead peer too: librabbitmq 0.11 can block forever inside a
    /// send, and then only the socket's own time-out ends it (TCP_USER_TIMEOUT, tcp(7)).
    private static func tune(_ descriptor: Int32, heartbeat: Int32) {
        func set(_ level: Int32, _ option: Int32, _ value: Int32) {
            var value = value
            setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
        set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, heartbeat * 2500)
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// Sends what the kernel has held back. After a body whose last frame is full the kernel waits about 200 ms for
    /// more data (librabbitmq sends it with MSG_MORE); setting TCP_NODELAY again sends it at once (tcp(7)).
    func pushHeldBack() {
        var one: Int32 = 1
        setsockopt(self.descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    enum Input {
        case frame
        case nothing
        case failed(BrokerError)
    }

    /// Takes the next frame without waiting; heartbeats are sent and checked on the way.
    func next(into frame: inout amqp_frame_t) -> Input {
        var zero = timeval(tv_sec: 0, tv_usec: 0)
        let status = amqp_simple_wait_frame_noblock(self.state, &frame, &zero)
        if status == AMQP_STATUS_OK.rawValue { return .frame }
        if status == AMQP_STATUS_TIMEOUT.rawValue { return .nothing }
        return .failed(.status(status, while: "reading from", at: self.address))
    }

    /// Accepts frames larger than negotiated, for a connection that consumes. A broker that dead-letters a message adds
    /// its own headers, even when the headers filled a frame already, and still delivers them in one frame. librabbitmq
    /// would close the connection because of that frame, and again at its next delivery, forever.
    func acceptLargeFrames() {
        let channels = amqp_get_channel_max(self.state)
        amqp_tune_connection(self.state, channels, Int32(2 * Self.frameSize), amqp_get_heartbeat(self.state))
    }

    /// Frees the memory of decoded frames. Everything that is still needed must have been copied.
    func releaseBuffers() { amqp_maybe_release_buffers(self.state) }

    /// Frees the memory of the decoded frames of one channel. `amqp_maybe_release_buffers` visits every channel, which
    /// costs more than handling a frame when there are hundreds.
    func releaseBuffers(of channel: UInt16) { amqp_maybe_release_buffers_on_channel(self.state, channel) }

    /// Sends a method without waiting for a reply. Methods are plain C structs.
    func send<Method: BitwiseCopyable>(_ id: UInt32, on channel: UInt16, _ method: Method) throws(BrokerError) {
        var method = method
        let status = withUnsafeMutableBytes(of: &method) { bytes in
            amqp_send_method(self.state, channel, id, bytes.baseAddress)
        }
        guard status == AMQP_STATUS_OK.rawValue else {
            throw .status(status, while: "writing to", at: self.address)
        }
    }
}
