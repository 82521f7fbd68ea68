import FoundationEssentials
import Testing
import Waiting

/// `warren plan` of this repository's manifests, to the letter: what is declared can never be changed again.
@Suite(.hangGuard)
struct PlanTests {
    private struct Report: Decodable {
        struct Function: Decodable {
            let name: String
            let queue: String
            let objects: [String]
        }

        let shared: [String]
        let functions: [Function]
        let webhooks: [Function]
    }

    /// The plan of two files of the examples, which others may join.
    private static func plan(_ more: [String] = []) async throws -> ObservedCommand.Output {
        let workshop = try Workshop()
        for name in ["audit.yaml", "orders.yaml"] {
            let text = try String(contentsOfFile: "\(ManifestInputTests.repositoryManifests)/\(name)", encoding: .utf8)
            try workshop.write(name, text)
        }
        return try await ObservedCommand.run(["plan", "--manifests", workshop.manifests] + more)
    }

    private static let digits = [String](repeating: "*", count: 28).joined(separator: ".")
    private static let forever = "x-queue-type=quorum, x-delivery-limit=1000000000"

    private static let shared = [
        "exchange warren.parked (durable fanout)",
        "queue warren.parked (durable, \(Self.forever))",
        "binding warren.parked ----> queue warren.parked",
        "exchange warren.dead-letter (durable direct)",
        "exchange warren.delay.done (durable topic, alternate-exchange=warren.parked)",
        "queue warren.scheduled (durable, \(Self.forever), x-dead-letter-exchange=warren.parked, "
            + "x-dead-letter-strategy=at-least-once, x-overflow=reject-publish)",
        "binding warren.delay.done --\(Self.digits).warren.scheduled--> queue warren.scheduled",
    ]

    private static let functions = [
        ("record-event", "#"), ("reserve-stock", "order.placed"), ("charge-payment", "stock.reserved"),
        ("send-confirmation", "payment.charged"),
    ]

    private static let webhooks = [("notify-partner", "order.confirmed")]

    private static func objects(of name: String, hearing key: String) -> [String] {
        [
            "queue warren.\(name).dead (durable, \(self.forever))",
            "binding warren.dead-letter --warren.\(name)--> queue warren.\(name).dead",
            "queue warren.\(name) (durable, x-queue-type=quorum, x-dead-letter-exchange=warren.dead-letter, "
                + "x-dead-letter-routing-key=warren.\(name), x-dead-letter-strategy=at-least-once, "
                + "x-overflow=reject-publish, x-delivery-limit=10000)",
            "binding warren.delay.done --\(self.digits).warren.\(name)--> queue warren.\(name)",
            "exchange events (durable topic)",
            "binding events --\(key)--> queue warren.\(name)",
        ]
    }

    @Test
    func `the plan is printed for people`() async throws {
        let result = try await Self.plan()
        #expect(result.status == 0)
        #expect(result.errorText == "")
        var lines = ["shared"] + Self.shared.map { "  \($0)" }
        let consumers = Self.functions.map { ("function", $0.0, $0.1) } + Self.webhooks.map { ("webhook", $0.0, $0.1) }
        for (kind, name, key) in consumers {
            lines.append("\(kind) \(name)")
            lines += Self.objects(of: name, hearing: key).map { "  \($0)" }
        }
        lines.append("when first needed")
        lines.append("  delay levels warren.delay.00 … warren.delay.27: a topic exchange and a quorum queue each")
        #expect(result.text.split(separator: "\n").map(String.init) == lines)
    }

    @Test
    func `the plan is printed for machines`() async throws {
        let result = try await Self.plan(["--json"])
        #expect(result.status == 0)
        let report = try JSONDecoder().decode(Report.self, from: Data(result.standardOutput))
        #expect(report.shared == Self.shared)
        #expect(report.functions.map(\.name) == Self.functions.map(\.0))
        #expect(report.functions.map(\.queue) == Self.functions.map { "warren.\($0.0)" })
        #expect(report.webhooks.map(\.name) == Self.webhooks.map(\.0))
        #expect(report.webhooks.map(\.objects) == Self.webhooks.map { Self.objects(of: $0.0, hearing: $0.1) })
        #expect(report.functions.map(\.objects) == Self.functions.map { Self.objects(of: $0.0, hearing: $0.1) })
    }
}
