import BrokerConformance
import FoundationEssentials
import LocalBroker
import Messaging
import Testing
import Waiting

/// `warren publish`, from every source of payloads and with every answer of the broker.
@Suite(.hangGuard)
struct PublishTests {
    private struct Report: Decodable, Equatable {
        let published: Int
        let unroutable: Int
        let failed: Int
        let id: String?
    }

    @Test
    func `an event comes from the command line, from a file or from standard input, and its id is printed`()
        async throws
    {
        let bench = try await PublishBench()
        let results = [
            try await bench.publish("order.placed", "--data", "{\"a\":1}"),
            try await bench.publish("order.placed", "--file", try bench.file("{\"a\":2}\n")),
            try await bench.publish("order.placed", input: "{\"a\":3}"),
            try await bench.publish("order.placed", "--data", "", "--id", "mine"),
        ]
        let deliveries = try await bench.seen.deliveries(4)
        #expect(deliveries.map(\.text) == ["{\"a\":1}", "{\"a\":2}\n", "{\"a\":3}", ""])
        for (result, delivery) in zip(results, deliveries) {
            #expect(result.status == 0)
            #expect(result.errorText == "")
            #expect(result.text == "\(delivery.id)\n")
        }
        #expect(Set(results.map(\.text)).count == 4)
        #expect(results[3].text == "mine\n")
        await bench.close()
    }

    @Test
    func `what the options say arrives`() async throws {
        let bench = try await PublishBench()
        let result = try await bench.publish(
            "order.placed",
            "--data",
            "x",
            "--type",
            "T",
            "--id",
            "1",
            "--source",
            "S",
            "--subject",
            "U",
            "--correlation-id",
            "C",
            "--content-type",
            "text/plain",
            "--header",
            "a=b=c",
            "--header",
            "empty=",
            "--header",
            "ünï=çødé",
            "--json"
        )
        #expect(result.status == 0)
        let report = try JSONDecoder().decode(Report.self, from: Data(result.standardOutput))
        #expect(report == Report(published: 1, unroutable: 0, failed: 0, id: "1"))
        let delivery = try await bench.seen.deliveries(1)[0]
        let properties = delivery.properties
        #expect(properties.type == "T")
        #expect(properties.messageID == "1")
        #expect(properties.appID == "S")
        #expect(properties.correlationID == "C")
        #expect(properties.contentType == "text/plain")
        #expect(delivery.text("cloudEvents_subject") == "U")
        #expect(delivery.text("a") == "b=c")
        #expect(delivery.text("empty") == "")
        #expect(delivery.text("ünï") == "çødé")
        await bench.close()
    }

    @Test
    func `twenty thousand lines arrive in order, whatever their ends`() async throws {
        let bench = try await PublishBench()
        let lines = (0..<20_000).map { "{\"number\":\($0)}" }
        let ends = ["\n", "\r\n", "\n\n", "\n\r\n\n"]
        // The last line has no end.
        let input = lines.enumerated().map { $1 + ($0 < lines.count - 1 ? ends[$0 % 4] : "") }.joined()
        let result = try await bench.publish("order.bulk", "--ndjson", "--ids", "--file", try bench.file(input))
        #expect(result.status == 0)
        #expect(result.errorText == "20000 published\n")
        let deliveries = try await bench.seen.deliveries(20_000)
        #expect(deliveries.map(\.text) == lines)
        #expect(result.text.split(separator: "\n").map(String.init) == deliveries.map { $0.id })
        #expect(Set(deliveries.map(\.id)).count == 20_000)

        let again = try await bench.publish("order.bulk", "--ndjson", "--json", input: "\n\r\n1\n\n2")
        #expect(again.status == 0)
        #expect(again.errorText == "")
        let report = try JSONDecoder().decode(Report.self, from: Data(again.standardOutput))
        #expect(report.published == 2 && report.unroutable == 0 && report.failed == 0)
        // Some editors write a byte order mark in front.
        _ = try await bench.publish("order.bulk", "--ndjson", input: "\u{FEFF}3\n4")
        #expect(try await bench.seen.deliveries(20_004).suffix(2).map(\.text) == ["3", "4"])
        let nothing = try await bench.publish("order.bulk", "--ndjson", input: "\n\n")
        #expect(nothing.status == 0)
        #expect(nothing.errorText == "0 published\n")
        await bench.close()
    }

    @Test
    func `a line that is too long stops the rest, and what stands before it is published and counted`() async throws {
        let bench = try await PublishBench()
        let long = String(repeating: "x", count: 16 << 20 | 1)
        for input in ["1\n2\n\(long)\n4\n", "1\n2\n\(long)"] {
            let result = try await bench.publish("order.bulk", "--ndjson", input: input)
            #expect(result.status == 1)
            #expect(result.errorText.hasPrefix("2 published\n"))
            #expect(result.errorText.contains("error: line 3 has more than 16777216 bytes"))
        }
        #expect(try await bench.seen.deliveries(4).map(\.text) == ["1", "2", "1", "2"])
        await bench.close()
    }

    @Test
    func `an event of the largest size arrives`() async throws {
        let bench = try await PublishBench()
        let payload = String(repeating: "x", count: 16 << 20)
        let single = try await bench.publish("order.big", input: payload)
        #expect(single.status == 0)
        let bulk = try await bench.publish("order.big", "--ndjson", input: "\(payload)\r\n\(payload)")
        #expect(bulk.status == 64, "with its carriage return the line is longer than a payload may be")
        let line = try await bench.publish("order.big", "--ndjson", input: payload)
        #expect(line.status == 0)
        let deliveries = try await bench.seen.deliveries(2)
        #expect(deliveries.map(\.body.count) == [16 << 20, 16 << 20])
        await bench.close()
    }

    @Test
    func `an event that nobody would get is an error of its own`() async throws {
        let bench = try await PublishBench()
        let single = try await bench.publish("invoice.sent", "--data", "{}")
        #expect(single.status == 3)
        #expect(single.text == "")
        #expect(single.errorText.contains("no queue is bound to exchange '\(bench.workshop.exchange)'"))
        let bulk = try await bench.publish("invoice.sent", "--ndjson", "--json", input: "1\n2\n3\n")
        #expect(bulk.status == 3)
        let withIDs = try await bench.publish("invoice.sent", "--ndjson", "--ids", input: "1\n2\n3\n")
        #expect(withIDs.text == "")
        let report = try JSONDecoder().decode(Report.self, from: Data(bulk.standardOutput))
        #expect(report == Report(published: 0, unroutable: 3, failed: 0, id: nil))
        let missing = try await ObservedCommand.run(
            ["publish", "order.placed", "--data", "{}", "--exchange", "nowhere-\(bench.workshop.namespace)"],
            environment: ["WARREN_BROKER": bench.sink.node.url]
        )
        #expect(missing.status == 3)
        #expect(missing.errorText.contains("does not exist; start the host that declares it"), "\(missing.errorText)")
        await bench.close()
    }

    @Test
    func `headers that fit no frame are told`() async throws {
        let bench = try await PublishBench()
        let large = "large=\(String(repeating: "x", count: 120_000))"
        let two = try await bench.publish(
            "order.placed",
            "--data",
            "{}",
            "--header",
            large,
            "--header",
            "more-\(large)"
        )
        #expect(two.status == 1)
        #expect(two.errorText.contains("the headers do not fit one AMQP frame"), "\(two.errorText)")
        await bench.close()
    }

    @Test
    func `the address comes from the option, else the variable, else the file`() async throws {
        let bench = try await PublishBench()
        let nowhere = "amqp://127.0.0.1:1/"
        try bench.workshop.write("../broker", Array("\(bench.sink.node.url)\n\(nowhere)\n".utf8))
        let file = "\(bench.workshop.directory)/broker"
        let command = ["publish", "order.placed", "--data", "{}", "--exchange", bench.workshop.exchange]
        let results = [
            try await ObservedCommand.run(
                command + ["--broker", bench.sink.node.url],
                environment: ["WARREN_BROKER": nowhere, "WARREN_BROKER_FILE": file]
            ),
            try await ObservedCommand.run(
                command,
                environment: ["WARREN_BROKER": bench.sink.node.url, "WARREN_BROKER_FILE": "/nowhere"]
            ),
            try await ObservedCommand.run(command, environment: ["WARREN_BROKER_FILE": file]),
        ]
        #expect(results.map(\.status) == [0, 0, 0])
        await bench.close()
    }

    @Test
    func `progress is shown on a terminal and nowhere else`() async throws {
        let bench = try await PublishBench()
        let input = (0..<5000).map { "\($0)\n" }.joined()
        let file = try bench.file(input)
        let command = "\(ObservedCommand.products)/warren publish order.bulk --ndjson --file \(file)"
        // Runs the command with a terminal of its own and passes on what appears there.
        let shown = try await ObservedCommand(
            ["-qec", "\(command) --exchange \(bench.workshop.exchange)", "/dev/null"],
            environment: ["WARREN_BROKER": bench.sink.node.url, "SHELL": "/bin/sh"],
            executable: "/usr/bin/script"
        ).end()
        #expect(shown.status == 0)
        #expect(shown.text.contains("\r[") && shown.text.contains("%  ") && shown.text.contains("/s"))
        #expect(shown.text.hasSuffix("\r\u{1b}[K5000 published\r\n"), "\(shown.text)")
        let piped = try await bench.publish("order.bulk", "--ndjson", "--file", file)
        #expect(piped.errorText == "5000 published\n")
        await bench.close()
    }
}
