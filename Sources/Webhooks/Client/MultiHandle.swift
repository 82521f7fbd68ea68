import CCurl
import EventLoops
import Glibc

/// A libcurl multi handle, freed with this object.
///
/// `@unchecked Sendable`: the handle is created with the client and passed to the client's thread, which alone uses it
/// from then on. If that thread could not be started, nobody uses it.
final class MultiHandle: @unchecked Sendable {
    /// The maximum number of idle connections. libcurl's default, four for each transfer, closes connections as
    /// transfers come and go.
    private static let idleConnections = 256

    let pointer: UnsafeMutableRawPointer

    init() throws(SystemError) {
        // Must be called before any other libcurl function. libcurl counts the calls, and has locked them since 7.84.
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let pointer = curl_multi_init() else {
            throw SystemError("curl_multi_init", code: ENOMEM)
        }
        self.pointer = pointer
        guard warren_curl_multi_set_number(pointer, CURLMOPT_MAXCONNECTS, Self.idleConnections) == CURLM_OK else {
            throw SystemError("curl_multi_setopt", code: EINVAL)
        }
    }

    deinit { curl_multi_cleanup(self.pointer) }

    /// Waits until a transfer or the descriptor is ready, or the time has passed.
    ///
    /// - Returns: whether the descriptor can be read.
    func poll(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var extra = curl_waitfd(fd: descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
        curl_multi_poll(self.pointer, &extra, 1, milliseconds, nil)
        return extra.revents != 0
    }
}
