import AMQP
import FoundationEssentials
import Glibc
import Messaging
import Testing
import Waiting

/// Deliveries over TLS: whom the host trusts, and whom it is trusted by.
@Suite(.hangGuard)
struct EncryptionTests {
    private static func certificates(_ bed: TestBed) throws -> Certificates {
        let directory = "\(bed.directory)/certificates"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        return try Certificates(in: directory)
    }

    /// One event to each, with one attempt.
    private static let once = "retry: { maxAttempts: 1 }"

    @Test func `one's own authority and the client's certificate are given in the manifest`() async throws {
        try await TestBed.use { bed in
            let certificates = try Self.certificates(bed)
            let endpoint = try await bed.secureEndpoint(
                certificates,
                "ssl_client_certificate \(certificates.path("ca.pem")); ssl_verify_client on;"
            )
            let client =
                "certificate: \(certificates.path("client.pem")), key: \(certificates.path("client.key"))"
            let ca = "ca: \(certificates.path("ca.pem"))"
            try bed.deployWebhook("known", endpoint.url, keys: ["known"], "tls: { \(ca), \(client) }\n\(Self.once)")
            try bed.deployWebhook("unknown", endpoint.url, keys: ["unknown"], "tls: { \(ca) }\n\(Self.once)")
            let host = try await bed.startDelivering()
            try await bed.publish(bed.event("{}", id: "e-1", key: "known"))
            try await wait(for: "the delivery", found: { "\(endpoint.requests)" }) {
                endpoint.requests.contains("HTTP/1.1 e-1 CN=guest")
            }
            try await bed.publish(bed.event("{}", id: "e-2", key: "unknown"))
            // nginx answers 400 to a client without a certificate.
            let letter = try await bed.reader(bed.deadLetters("unknown")).message()
            #expect(letter.text("warren-error-type") == "http_400")
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a certificate that is replaced at its path is used at once, and no connection made with the old one`()
        async throws
    {
        try await TestBed.use { bed in
            let certificates = try Self.certificates(bed)
            try certificates.client("second")
            let endpoint = try await bed.secureEndpoint(
                certificates,
                "ssl_client_certificate \(certificates.path("ca.pem")); ssl_verify_client on; keepalive_timeout 600s;"
            )
            let client =
                "certificate: \(certificates.path("client.pem")), key: \(certificates.path("client.key"))"
            try bed.deployWebhook("crm", endpoint.url, "tls: { ca: \(certificates.path("ca.pem")), \(client) }")
            let host = try await bed.startDelivering()
            try await bed.publish(bed.event("{}", id: "e-1"))
            try await wait(for: "the delivery", found: { "\(endpoint.requests)" }) {
                endpoint.requests.contains("HTTP/1.1 e-1 CN=guest")
            }
            for file in ["key", "pem"] {
                try FileManager.default.removeItem(atPath: certificates.path("client.\(file)"))
                try FileManager.default.moveItem(
                    atPath: certificates.path("second.\(file)"),
                    toPath: certificates.path("client.\(file)")
                )
            }
            host.warren.signal(SIGHUP)
            try await host.says("switched to the new version")
            try await bed.publish(bed.event("{}", id: "e-2"))
            try await wait(for: "the second delivery", found: { "\(endpoint.requests)" }) {
                endpoint.requests.contains { $0.contains(" e-2 ") }
            }
            #expect(endpoint.requests.filter { $0.contains(" e-2 ") } == ["HTTP/1.1 e-2 CN=second"])
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `HTTP 2 is spoken when the manifest asks for it, and HTTP 1 otherwise`() async throws {
        try await TestBed.use { bed in
            let certificates = try Self.certificates(bed)
            let endpoint = try await bed.secureEndpoint(certificates)
            let tls = "tls: { ca: \(certificates.path("ca.pem")) }"
            try bed.deployWebhook("two", endpoint.url, keys: ["two"], "\(tls)\nhttp2: true")
            try bed.deployWebhook("one", endpoint.url, keys: ["one"], tls)
            let host = try await bed.startDelivering()
            let events = (1...40).flatMap { number in
                ["one", "two"].map { bed.event("{}", id: "\($0)-\(number)", key: $0) }
            }
            #expect(await bed.broker.publish(events).allSatisfy { $0 == .confirmed })
            try await wait(
                for: "the deliveries",
                found: { "\(endpoint.requests.count) requests\n\(host.warren.errors.suffix(2000))" }
            ) {
                Set(endpoint.requests).count == 80
            }
            #expect(endpoint.requests.allSatisfy { $0.hasPrefix($0.contains(" two-") ? "HTTP/2.0" : "HTTP/1.1") })
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a certificate that is not to be trusted is no encryption at all`() async throws {
        try await TestBed.use { bed in
            let certificates = try Self.certificates(bed)
            let good = try await bed.secureEndpoint(certificates)
            // Of the same authority, for a server's name that is not ours.
            let wrong = try await bed.secureEndpoint(certificates, certificate: "client")
            try certificates.expire("server", as: "expired")
            let expired = try await bed.secureEndpoint(certificates, certificate: "expired")
            let cases = [
                ("wrong-name", wrong.url, "ca"), ("expired", expired.url, "ca"), ("stranger", good.url, "other"),
                ("not-tls", try await bed.endpoint().url("/").replacing("http:", with: "https:"), "ca"),
            ]
            for (name, url, authority) in cases {
                let ca = "tls: { ca: \(certificates.path("\(authority).pem")) }"
                try bed.deployWebhook(name, url, keys: [name], "\(ca)\n\(Self.once)")
            }
            let host = try await bed.startDelivering()
            for (name, _, _) in cases {
                try await bed.publish(bed.event("{}", id: name, key: name))
                let letter = try await bed.reader(bed.deadLetters(name)).message()
                #expect(letter.text("warren-error-type") == "tls_error", "\(name)")
                #expect(letter.number("warren-http-status") == nil)
                if name == "expired" { #expect(letter.text("warren-error")?.contains("expired") == true) }
            }
            #expect(good.requests.isEmpty && wrong.requests.isEmpty && expired.requests.isEmpty)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a missing file keeps the webhook from starting, and its events wait`() async throws {
        try await TestBed.use { bed in
            let certificates = try Self.certificates(bed)
            let endpoint = try await bed.secureEndpoint(certificates)
            let ca = "\(bed.directory)/ca.pem"
            try bed.deployWebhook("crm", endpoint.url, "tls: { ca: \(ca) }")
            let host = try await bed.startDelivering(waitingFor: "unhealthy")
            #expect(host.log.contains { $0["reason"]?.contains("there is no file \(ca)") == true })
            // Its queue and exchange come all the same.
            try await wait(for: "the event to be stored") {
                await bed.broker.publish([bed.event("{}", id: "e-1")]) == [.confirmed]
            }
            try FileManager.default.copyItem(atPath: certificates.path("ca.pem"), toPath: ca)
            try await wait(for: "the delivery") { endpoint.requests == ["HTTP/1.1 e-1 -"] }
            #expect(try await host.stop() == 0)
        }
    }
}
