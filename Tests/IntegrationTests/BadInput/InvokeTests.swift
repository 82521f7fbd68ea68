import FoundationEssentials
import Testing
import Waiting

/// `warren invoke`: one run without a broker, with every outcome.
@Suite(.hangGuard)
struct InvokeTests {
    private struct Report: Decodable {
        struct Emitted: Decodable {
            let key: String
            let type: String
            let contentType: String
            let payload: String
            let delayMilliseconds: Int
        }

        let outcome: String
        let error: String?
        let errorType: String?
        let milliseconds: Double
        let emitted: [Emitted]
    }

    struct Run: Sendable, CustomTestStringConvertible {
        let function: String
        let data: String
        let status: Int32
        let outcome: String
        /// In the error.
        let says: String?
        var testDescription: String { "\(self.function) is \(self.outcome)" }
    }

    private static let order = """
        {"orderID":"A-1","customer":"ada","items":[{"sku":"tea","quantity":2,"price":4.5}]}
        """
    private static let stock = #"{"orderID":"never-14","customer":"ada","total":9}"#

    static let runs = [
        Run(function: "reserve-stock", data: Self.order, status: 0, outcome: "done", says: nil),
        Run(function: "orders/reserve-stock", data: Self.order, status: 0, outcome: "done", says: nil),
        Run(function: "charge-payment", data: Self.stock, status: 1, outcome: "failed", says: "gave no answer"),
        Run(
            function: "reserve-stock",
            data: #"{"orderID":"A-1","customer":"ada","items":[]}"#,
            status: 1,
            outcome: "rejected",
            says: "order A-1 has no items"
        ),
        Run(
            function: "reserve-stock",
            data: #"{"orderID":"A-1"}"#,
            status: 1,
            outcome: "undecodable",
            says: "payload.customer: missing"
        ),
        Run(function: "reserve-stock", data: "", status: 1, outcome: "undecodable", says: "payload"),
    ]

    private static let places = [
        "--manifests", ManifestInputTests.repositoryManifests, "--bundles", ObservedCommand.products,
    ]

    @Test func `options change a whole CloudEvent, as they do when one is published`() async throws {
        let envelope = #"{"specversion":"1.0","id":"old","type":"T","data":{"name":"Ada"}}"#
        let result = try await ObservedCommand.run(
            ["invoke", "greet", "--data", envelope, "--content-type", "application/cloudevents+json", "--id", "new"]
                + Self.places
        )
        #expect(result.status == 0)
        #expect(
            result.errorText.contains("event=new") && !result.errorText.contains("event=old"),
            "\(result.errorText)"
        )
    }

    @Test(arguments: Self.runs)
    func `an outcome is told, for people and for machines`(_ run: Run) async throws {
        let command = ["invoke", run.function, "--data", run.data] + Self.places
        let text = try await ObservedCommand.run(command)
        #expect(text.status == run.status)
        #expect(text.text.contains(/^[a-z-]+ in [0-9.]+ (µs|ms|s)\n/), "\(text.text)")
        #expect(text.text.hasPrefix("\(run.outcome) in "), "\(text.text)")
        if let says = run.says { #expect(text.text.contains(says)) }
        #expect(text.text.contains("emitted stock.reserved: {") == (run.outcome == "done"))

        let json = try await ObservedCommand.run(command + ["--json"])
        #expect(json.status == run.status)
        let report = try JSONDecoder().decode(Report.self, from: Data(json.standardOutput))
        #expect(report.outcome == run.outcome)
        #expect(report.milliseconds > 0)
        if let says = run.says { #expect(report.error?.contains(says) == true) } else { #expect(report.error == nil) }
        #expect(report.emitted.map(\.key) == (run.outcome == "done" ? ["stock.reserved"] : []))
    }

    @Test
    func `the payload comes from standard input or a file too, and the attempt is passed on`() async throws {
        let workshop = try Workshop()
        try workshop.write("../payload", Array(Self.stock.utf8))
        let file = ["invoke", "charge-payment", "--attempt", "7", "--file", "\(workshop.directory)/payload"]
        let fromFile = try await ObservedCommand.run(file + Self.places)
        #expect(fromFile.text.contains("gave no answer (attempt 7)"))
        let fromInput = try await ObservedCommand.run(
            ["invoke", "charge-payment"] + Self.places,
            input: Array(Self.stock.utf8)
        )
        #expect(fromInput.text.contains("gave no answer (attempt 1)"))
    }

    @Test
    func `a payload may be compressed`() async throws {
        let workshop = try Workshop()
        // {"orderID":"never-14","customer":"ada","total":9}
        let payload = Data(
            base64Encoded: "H4sIAAAAAAACA6tWyi9KSS3ydFGyUspLLUst0jU0UdJRSi4tLsnPTS0CiiamJAIFSvJLEnOUrCxrAWhbYy0xAAAA"
        )
        try workshop.write("../payload", [UInt8](payload ?? Data()))
        let file = ["invoke", "charge-payment", "--file", "\(workshop.directory)/payload"] + Self.places
        let decoded = try await ObservedCommand.run(file + ["--content-encoding", "gzip"])
        #expect(decoded.text.contains("gave no answer (attempt 1)"), "\(decoded.text)")
        let unknown = try await ObservedCommand.run(file + ["--content-encoding", "lzma"])
        #expect(unknown.status == 1)
        #expect(unknown.text.contains("the content encoding 'lzma' is not known"))
    }

    @Test
    func `what does not exist is named, with what does`() async throws {
        let manifest = try await ObservedCommand.run(["invoke", "reserve-stick", "--data", "{}"] + Self.places)
        #expect(manifest.status == 64)
        #expect(manifest.errorText.contains("is named 'reserve-stick'; there are: "))
        #expect(manifest.errorText.contains("reserve-stock"))
        let function = try await ObservedCommand.run(["invoke", "orders/reserve", "--data", "{}"] + Self.places)
        #expect(function.status == 1)
        #expect(function.errorText.contains("the bundle has no function 'reserve'; it has: reserve-stock"))
        let bundle = try await ObservedCommand.run(["invoke", "nobody/home", "--data", "{}"] + Self.places)
        #expect(bundle.status == 1)
        #expect(bundle.errorText.contains("/nobody cannot be started"), "\(bundle.errorText)")
    }
}
