import CCurl
import EventLoops
import Foundation
import Manifests
import Testing

@testable import Webhooks

struct CurlOptionsTests {
    @Test func `an option that libcurl does not take is told by its name`() throws {
        let handle = try #require(curl_easy_init())
        defer { curl_easy_cleanup(handle) }
        let options = CurlOptions(handle)
        // libcurl takes no text of more than eight million bytes.
        let refusal = #expect(throws: TransferRefusal.self) {
            try options.set(CURLOPT_PROTOCOLS_STR, String(repeating: "x", count: 9_000_000))
        }
        #expect(refusal?.problem == .client)
        #expect(refusal?.words.hasPrefix("libcurl rejects the option PROTOCOLS_STR: ") == true)
        #expect(throws: TransferRefusal.self) { try options.set(CURLOPT_PROTOCOLS_STR, "no-such-protocol") }
        #expect(throws: TransferRefusal.self) { try options.set(CURLoption(rawValue: 9999), 1) }
        try options.set(CURLOPT_PROTOCOLS_STR, "http,https")
    }

    /// The whole way: a client that has to answer for a request that cannot be set up.
    @Test func `a request whose files cannot be read is answered, and one with good files goes on`() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let client = try HTTPClient(HTTPClient.Configuration(addresses: AddressGuard(allowing: [])))
        let answers = try Mailbox<[ClientReport]>()
        func send(_ id: UInt64, _ tls: TLSFiles) throws {
            client.send([
                HTTPRequest(
                    id: id,
                    route: HTTPRoute(url: try WebhookURL("https://127.0.0.1:1/"), tls: tls, timeout: .seconds(5)),
                    headers: HeaderBlock(),
                    body: [],
                    excerptLimit: 0,
                    replyTo: answers
                )
            ])
        }
        try send(1, TLSFiles(ca: "\(directory)/missing.pem"))
        try send(2, TLSFiles(certificate: directory))
        try send(3, TLSFiles())
        let loop = try EventLoop()
        let received = Received()
        answers.attach(to: loop) { batches in
            for case .answered(let answer) in batches.joined() { received.results[answer.id] = answer.result }
            if received.results.count == 3 { loop.stop() }
        }
        loop.run()
        client.stop()
        let results = received.results
        guard case .failed(.tls, let missing)? = results[1], case .failed(.tls, let directoryWords)? = results[2],
            case .failed(.blockedAddress, _)? = results[3]
        else {
            Issue.record("\(results)")
            return
        }
        #expect(missing.contains("\(directory)/missing.pem, which 'tls' names"))
        #expect(directoryWords.contains("it is not a regular file"))
    }
}

/// Filled on the loop's thread, which is the test's own.
private final class Received {
    var results: [UInt64: HTTPAnswer.Result] = [:]
}
