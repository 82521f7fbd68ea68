import Manifests
import Messaging
import SeededGeneration
import Testing
import Webhooks

/// libcurl sends headers as they are given to it, so a line break in one would begin another. Whatever an event says,
/// it must not write a header that nobody has meant. The raw bytes are looked at, as libcurl gets them.
struct HeaderInjectionTests {
    private static let evil = "x\r\nX-Evil: 1\r\n\r\nGET /admin HTTP/1.1\0X-Evil: 2\u{85}\u{2028}X-Evil: 3"

    private static func event(_ text: String) -> EventView {
        var properties = BasicProperties.test(id: text, contentType: text)
        properties.type = text
        properties.appID = text
        properties.correlationID = text
        let names = ["cloudEvents_subject", "cloudEvents_time", "cloudEvents_causationid", "traceparent", "tracestate"]
        return .test(properties, headers: names.map { ($0, text) }, "{}")
    }

    private static let manifests: [@Sendable () throws -> WebhookManifest] = [
        { try .test(secrets: [TestSecret.symmetric], headers: ["X-Plain": .literal("a")]) },
        { try .test(secrets: [TestSecret.symmetric], format: .structured) },
        { try .test(template: "[{{ id }}]", authentication: .bearer(.literal("hush"))) },
    ]

    /// No byte of a line break, one NUL for each header that was meant, and none in between.
    private func expectWhole(
        _ headers: HeaderBlock,
        _ names: [String],
        _ location: Testing.SourceLocation = #_sourceLocation
    ) {
        #expect(!headers.bytes.contains { $0 == 0x0a || $0 == 0x0d }, sourceLocation: location)
        #expect(headers.bytes.allSatisfy { $0 == 0 || ($0 >= 0x20 && $0 != 0x7f) }, sourceLocation: location)
        #expect(headers.bytes.count { $0 == 0 } == headers.count, sourceLocation: location)
        #expect(headers.bytes.last == 0, sourceLocation: location)
        #expect(headers.names == names, sourceLocation: location)
    }

    private func compose(_ manifest: WebhookManifest, _ event: EventView) throws -> HeaderBlock {
        try DeliveryComposer(manifest, manifest.credentials()).compose(event, token: nil, now: 0).headers
    }

    @Test(arguments: 0..<3)
    func `a line break in any attribute begins no header`(number: Int) throws {
        let manifest = try Self.manifests[number]()
        let names = try self.compose(manifest, Self.event("plain")).names
        #expect(names.contains("tracestate") && names.contains("content-type"))
        self.expectWhole(try self.compose(manifest, Self.event(Self.evil)), names)
    }

    @Test(arguments: 1...100)
    func `no text does`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let parts = [
            "\r", "\n", "\r\n", "\0", ":", " ", "\t", "x", "X-Evil: 1", "é", "\u{85}", "\u{7F}", ";", "%0d%0a",
        ]
        let text = "a" + (0..<10).map { _ in parts.randomElement(using: &random) ?? "x" }.joined()
        for make in Self.manifests {
            let manifest = try make()
            self.expectWhole(
                try self.compose(manifest, Self.event(text)),
                try self.compose(manifest, Self.event("plain")).names
            )
        }
    }

    @Test func `an envelope's attributes begin none either`() throws {
        let text = #"x\r\nX-Evil: 1\u0000\u000a"#
        let names = [
            "id", "type", "source", "subject", "time", "correlationid", "causationid", "traceparent", "tracestate",
        ]
        func event(_ text: String) -> EventView {
            let members = (names + ["datacontenttype"]).map { "\"\($0)\":\"\(text)\"" }.joined(separator: ",")
            return .test(.test(contentType: "application/cloudevents+json"), "{\(members),\"data\":1}")
        }
        for make in Self.manifests {
            let manifest = try make()
            let expected = try self.compose(manifest, event("plain")).names
            #expect(expected.contains("tracestate"))
            self.expectWhole(try self.compose(manifest, event(text)), expected)
        }
    }

    @Test func `what the environment brings is checked before it is sent`() throws {
        let manifest = try WebhookManifest.test(headers: ["X-A": .fromEnvironment("A")])
        #expect(throws: WebhookCredentials.Problem.self) { try manifest.credentials(["A": "a\r\nX-Evil: 1"]) }
    }
}
