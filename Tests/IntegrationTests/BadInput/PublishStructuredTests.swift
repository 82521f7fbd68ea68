import BrokerConformance
import Messaging
import Testing
import Waiting

/// `warren publish` of whole CloudEvents.
@Suite(.hangGuard)
struct PublishStructuredTests {
    private static let structured = ["--content-type", "application/cloudevents+json"]

    private func publish(
        _ bench: PublishBench,
        _ arguments: [String] = [],
        _ input: String
    ) async throws -> ObservedCommand.Output {
        try await bench.publish(["order.placed"] + Self.structured + arguments, input: input)
    }

    @Test func `the envelope is the event, and the properties repeat what it says`() async throws {
        let bench = try await PublishBench()
        let long = String(repeating: "t", count: 300)
        let envelopes = [
            #"{"specversion":"1.0","id":"e-1","source":"/shop","type":"T","correlationid":"c","data":1.00}"#,
            #"{"specversion":"1.0","id":"e-2","type":"\#(long)","data":2}"#,
            #"{"specversion":"1.0","data":3}"#,
        ]
        var ids: [String] = []
        for envelope in envelopes {
            let result = try await self.publish(bench, [], envelope)
            #expect(result.status == 0, "\(result.errorText)")
            ids.append(String(result.text.dropLast()))
        }
        let deliveries = try await bench.seen.deliveries(3)
        #expect(deliveries.map(\.text) == envelopes)
        #expect(deliveries.map(\.id) == ids)
        #expect(ids.prefix(2) == ["e-1", "e-2"])
        let properties = deliveries.map(\.properties)
        #expect(properties.map(\.messageID) == ids)
        #expect(properties.map(\.type) == ["T", "order.placed", "order.placed"], "300 bytes do not fit")
        #expect(properties.map(\.appID) == ["/shop", "warren-publish", "warren-publish"])
        #expect(properties.map(\.correlationID) == ["c", "e-2", ids[2]])
        await bench.close()
    }

    @Test func `options change the envelope, so a dead letter can be published again as another event`() async throws {
        let bench = try await PublishBench()
        let result = try await self.publish(
            bench,
            ["--id", "new", "--source", "S", "--type", "T", "--subject", "U", "--correlation-id", "C"],
            #"{"specversion":"1.0","id":"old","source":"/shop","data":{"id":"old"}}"#
        )
        #expect(result.status == 0)
        #expect(result.text == "new\n")
        let delivery = try await bench.seen.deliveries(1)[0]
        let changed =
            #"{"correlationid":"C","subject":"U","type":"T","specversion":"1.0","id":"new","source":"S","#
            + #""data":{"id":"old"}}"#
        #expect(delivery.text == changed)
        let properties = delivery.properties
        #expect(delivery.id == "new" && properties.messageID == "new")
        #expect(properties.type == "T" && properties.appID == "S" && properties.correlationID == "C")
        await bench.close()
    }

    @Test func `each line may be an envelope`() async throws {
        let bench = try await PublishBench()
        let lines = (1...3).map { #"{"id":"e-\#($0)","type":"T","data":\#($0)}"# }
        let result = try await self.publish(bench, ["--ndjson", "--ids"], lines.joined(separator: "\n"))
        #expect(result.status == 0)
        #expect(result.text == "e-1\ne-2\ne-3\n")
        #expect(try await bench.seen.deliveries(3).map(\.text) == lines)

        let bad = try await self.publish(bench, ["--ndjson"], "\n" + lines[0] + "\n\n[1]")
        #expect(bad.status == 1)
        let reason = "error: line 4: the payload is no CloudEvent in structured mode: envelope: it is not a JSON object"
        #expect(bad.errorText.hasPrefix("1 published\n\(reason)"), "\(bad.errorText)")
        #expect(try await bench.seen.deliveries(4).map(\.text) == lines + [lines[0]])
        await bench.close()
    }

    @Test(arguments: [
        ("{}x", "envelope: it is not JSON after byte 2"), ("", "envelope: empty"),
        (
            "{" + (0..<256).map { #""a\#($0)":1"# }.joined(separator: ",") + "}",
            "envelope: it has more than 256 members"
        ),
        (#"{"id":7,"data":1}"#, "envelope.id: expected String, found number"),
    ])
    func `what no consumer could read is not published`(payload: String, reason: String) async throws {
        let result = try await ObservedCommand.run(
            ["publish", "order.placed", "--source", "S", "--data", payload] + Self.structured,
            environment: ["WARREN_BROKER": "amqp://127.0.0.1:1/"]
        )
        #expect(result.status == 64)
        #expect(result.errorText.contains("no CloudEvent in structured mode: \(reason)"), "\(result.errorText)")
    }
}
