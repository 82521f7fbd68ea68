import EventLoops
import Invoking
import Manifests
import Messaging
import Testing

@testable import Webhooks

struct RequestComposerTests {
    private func effort(
        _ format: WebhookManifest.Format = .binary,
        template: String? = nil,
        secrets: [String] = [],
        type: String? = nil
    ) throws -> Int {
        let manifest = try WebhookManifest.test(secrets: secrets, format: format, template: template)
        let composer = RequestComposer(DeliveryComposer(manifest, try manifest.credentials()), clock: .system)
        let message = OutgoingMessage(
            exchange: "events",
            routingKey: "order.placed",
            properties: .test(contentType: type),
            headers: FieldTable([]),
            body: [UInt8](repeating: 0, count: 1000)[...]
        )
        return composer.effort(.test(message))
    }

    @Test func `the effort is as many times the payload as it is gone through`() throws {
        #expect(try self.effort() == 0, "it goes out as it came")
        #expect(try self.effort(secrets: [TestSecret.symmetric]) == 1000)
        #expect(try self.effort(secrets: [TestSecret.symmetric, TestSecret.other]) == 2000)
        #expect(try self.effort(.structured) == 2000)
        #expect(try self.effort(.structured, secrets: [TestSecret.symmetric]) == 3000)
        #expect(try self.effort(template: #"["{{ id }}","{{ key }}"]"#) == 0)
        let parts = (1...50).map { "{{ payload.part\($0)? }}" }.joined(separator: ",")
        #expect(try self.effort(template: "[{{ id }},\(parts)]") == 51_000)
        #expect(try self.effort(type: "application/cloudevents+json; charset=utf-8") == 2000)
        #expect(try self.effort(type: "Application/CloudEvents+JSON") == 2000)
        #expect(try self.effort(type: "application/json") == 0)
    }

    @Test func `a request is made at the time at which it is composed`() throws {
        let manifest = try WebhookManifest.test()
        let composer = RequestComposer(
            DeliveryComposer(manifest, try manifest.credentials()),
            clock: WallClock { 1_769_860_800_999 }
        )
        let (headers, body) = try composer.compose(.test(id: 7, body: Array("{}".utf8)), "hush-token")
        #expect(headers["webhook-timestamp"] == ["1769860800"])
        #expect(headers["webhook-id"] == ["e-7"])
        #expect(headers["Authorization"] == ["Bearer hush-token"])
        #expect(Array(body) == Array("{}".utf8))
    }
}
