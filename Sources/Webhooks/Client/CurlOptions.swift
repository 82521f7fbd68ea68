import CCurl

/// Why a request failed, or could not even begin.
struct TransferRefusal: Error, Equatable {
    let problem: TransferProblem
    /// A description for people, without secrets.
    let words: String
}

/// Sets the options of an easy handle and checks libcurl's answer to each. An option that libcurl rejects may be one
/// that keeps requests from going where they must not go, so nothing is sent without it.
///
/// The handle belongs to the transfer that created this value, and the value does not outlive the transfer.
struct CurlOptions {
    private let handle: UnsafeMutableRawPointer

    init(_ handle: UnsafeMutableRawPointer) { self.handle = handle }

    func set(_ option: CURLoption, _ number: Int) throws(TransferRefusal) {
        try self.check(option, warren_curl_set_number(self.handle, option, number))
    }

    func set(_ option: CURLoption, _ text: String?) throws(TransferRefusal) {
        try self.check(option, warren_curl_set_text(self.handle, option, text))
    }

    /// - Parameter pointer: must be valid for as long as libcurl uses the option.
    func set(_ option: CURLoption, pointer: UnsafeRawPointer?) throws(TransferRefusal) {
        try self.check(option, warren_curl_set_pointer(self.handle, option, pointer))
    }

    /// Copies the bytes.
    func set(_ option: CURLoption, bytes: [UInt8]) throws(TransferRefusal) {
        // libcurl copies them during the call.
        let code = bytes.withUnsafeBytes { warren_curl_set_blob(self.handle, option, $0.baseAddress, $0.count) }
        try self.check(option, code)
    }

    func setBodySize(_ size: Int) throws(TransferRefusal) {
        try self.check(CURLOPT_POSTFIELDSIZE_LARGE, warren_curl_set_body_size(self.handle, Int64(size)))
    }

    func check(_ option: CURLoption, _ code: CURLcode) throws(TransferRefusal) {
        guard code != CURLE_OK else { return }
        // Both strings are constants of libcurl.
        let name = curl_easy_option_by_id(option).map { String(cString: $0.pointee.name) } ?? "\(option.rawValue)"
        throw TransferRefusal(
            problem: .client,
            words: "libcurl rejects the option \(name): \(String(cString: curl_easy_strerror(code))); "
                + "install libcurl 7.85 or newer"
        )
    }
}
