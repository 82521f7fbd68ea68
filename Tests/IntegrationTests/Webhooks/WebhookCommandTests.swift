import FoundationEssentials
import Glibc
import Testing
import Waiting

/// `warren webhook`: what it prints and how it ends.
@Suite(.hangGuard)
struct WebhookCommandTests {
    private static let listening = "listening on http://127.0.0.1:"

    /// A running `warren webhook listen`.
    private static func listen(_ bed: TestBed, _ arguments: [String]) async throws -> (WarrenProcess, port: Int) {
        let process = try bed.start(["webhook", "listen", "--port", "0"] + arguments)
        var port = 0
        try await wait(for: "the receiver", found: { process.errors }) {
            let line = process.errors.split(whereSeparator: \.isNewline).first { $0.hasPrefix(Self.listening) }
            port = line.flatMap { Int($0.dropFirst(Self.listening.count).prefix { $0 != "/" }) } ?? 0
            return port > 0
        }
        return (process, port)
    }

    private static func ping(_ bed: TestBed, _ arguments: [String] = []) async throws -> ObservedCommand.Output {
        try await ObservedCommand.run(
            ["webhook", "ping", "crm", "--manifests", bed.manifests, "--allow-network", "127.0.0.0/8"] + arguments
        )
    }

    @Test func `a receiver answers as it is told, and a ping tells what came of it`() async throws {
        try await TestBed.use { bed in
            let (receiver, port) = try await Self.listen(
                bed,
                [
                    "--secret", TestBed.secret, "--answer", "202", "--answer", "500", "--answer", "429", "--answer",
                    "410", "--answer", "never", "--retry-after", "7",
                ]
            )
            let url = "http://127.0.0.1:\(port)/hooks"
            try bed.deployWebhook("crm", url, "secret: \(TestBed.secret)\ntimeout: 2m")
            let taken = try await Self.ping(bed, ["--id", "ping-1", "--data", #"{"a":1}"#])
            #expect(taken.status == 0)
            #expect(taken.text.contains(/^done in [0-9.]+ (µs|ms|s)$/.anchorsMatchLineEndings()), "\(taken.text)")
            let failed = try await Self.ping(bed, ["--json"])
            #expect(failed.status == 1 && failed.text.contains(#""httpStatus":500"#), "\(failed.text)")
            let busy = try await Self.ping(bed)
            #expect(busy.status == 1 && busy.errorText.contains("429") && busy.errorText.contains("7 s"))
            let gone = try await Self.ping(bed)
            #expect(gone.status == 1 && gone.errorText.contains("410 Gone"))
            try bed.deployWebhook("crm", url, "secret: \(TestBed.secret)\ntimeout: 1s")
            let silent = try await Self.ping(bed)
            #expect(silent.status == 1 && silent.text.hasPrefix("timed-out in "))
            receiver.signal(SIGTERM)
            #expect(try await receiver.exit() == 0)
            let lines = receiver.output.split(whereSeparator: \.isNewline)
            #expect(lines.first == "POST /hooks id=ping-1 type=warren.ping signature=valid answer=202")
            #expect(lines.dropFirst().first == #"  {"a":1}"#)
            #expect(lines.count { $0.contains("signature=valid") } == 5)
        }
    }

    @Test func `a receiver with another secret says that the signature is not valid`() async throws {
        try await TestBed.use { bed in
            let secret = try await ObservedCommand.run(["webhook", "secret"]).text.split(whereSeparator: \.isNewline)[0]
            let (receiver, port) = try await Self.listen(bed, ["--secret", String(secret), "--json"])
            try bed.deployWebhook("crm", "http://127.0.0.1:\(port)/", "secret: \(TestBed.secret)")
            #expect(try await Self.ping(bed).status == 0)
            try await wait(for: "the line") { receiver.output.contains("\n") }
            #expect(receiver.output.contains(#""signature":"not valid (no signature matches"#))
            try bed.deployWebhook("crm", "http://127.0.0.1:\(port)/", "secrets: [\(TestBed.secret), \(secret)]")
            #expect(try await Self.ping(bed).status == 0)
            try await wait(for: "another line") { receiver.output.contains(#""signature":"valid""#) }
        }
    }

    @Test func `an asymmetric pair signs with one half and verifies with the other`() async throws {
        try await TestBed.use { bed in
            let pair = try await ObservedCommand.run(["webhook", "secret", "--asymmetric"])
                .text.split(whereSeparator: \.isNewline).map(String.init)
            try #require(pair.count == 2 && pair[0].hasPrefix("whsk_") && pair[1].hasPrefix("whpk_"))
            let (receiver, port) = try await Self.listen(bed, ["--secret", pair[1]])
            try bed.deployWebhook("crm", "http://127.0.0.1:\(port)/", "secret: \(pair[0])")
            #expect(try await Self.ping(bed).status == 0)
            try await wait(for: "the line") { receiver.output.contains("signature=valid") }
        }
    }

    @Test func `without --allow-network nothing is delivered to this machine`() async throws {
        try await TestBed.use { bed in
            let (receiver, port) = try await Self.listen(bed, [])
            try bed.deployWebhook("crm", "http://127.0.0.1:\(port)/")
            let ping = try await ObservedCommand.run(["webhook", "ping", "crm", "--manifests", bed.manifests])
            #expect(ping.status == 1 && ping.text.contains("blocked_ip") && ping.text.contains("--allow-network"))
            #expect(receiver.output.isEmpty)
        }
    }

    static let misuses = [
        UsageTests.Misuse("webhook", "ping", says: "Missing expected argument '<webhook>'"),
        UsageTests.Misuse(
            "webhook",
            "ping",
            "x",
            "--manifests",
            "/usr",
            says: "no webhook in /usr is named 'x'; there is none"
        ),
        UsageTests.Misuse("webhook", "listen", "--answer", "99", says: "'99' is invalid for '--answer"),
        UsageTests.Misuse("webhook", "listen", "--port", "70000", says: "--port must be a number from 0 to 65535"),
        UsageTests.Misuse("webhook", "listen", "--delay", "5", says: "--delay: the duration has no unit"),
        UsageTests.Misuse(
            "webhook",
            "listen",
            "--retry-after",
            "1\r\n2",
            says: "--retry-after: it contains a line break"
        ),
        UsageTests.Misuse("webhook", "listen", "--secret", "hunter2", says: "the key begins with none of"),
        UsageTests.Misuse(
            "webhook",
            "verify",
            "--id",
            "a",
            "--timestamp",
            "1",
            "--signature",
            "b",
            "--data",
            "c",
            says: "give --secret or --secret-file, or set WARREN_WEBHOOK_SECRET"
        ),
        UsageTests.Misuse("run", "--allow-network", "10.0.0.1/8", says: "has bits set beyond its length of 8"),
        UsageTests.Misuse("run", "--allow-network", "0177.0.0.1", says: "'0177.0.0.1' is not a network"),
        UsageTests.Misuse("run", "--allow-network", "10.0.0.0/33", says: "a number from 0 to 32"),
        UsageTests.Misuse("invoke", "crm", "--data", "{}", says: "warren webhook ping crm"),
    ]

    @Test(arguments: Self.misuses)
    func `a misuse is told, and no secret is repeated`(_ misuse: UsageTests.Misuse) async throws {
        let workshop = try Workshop()
        try workshop.write(
            "crm.yaml",
            Array(
                "apiVersion: warren/v1\nkind: Webhook\nname: crm\nurl: http://h/\nevents: { keys: [a] }\n".utf8
            )
        )
        let manifests = misuse.arguments.first == "invoke" ? ["--manifests", workshop.manifests] : []
        let result = try await ObservedCommand.run(
            misuse.arguments + manifests,
            environment: ["WARREN_BROKER": "amqp://127.0.0.1:1/"]
        )
        #expect(result.status == 64)
        #expect(result.text == "")
        #expect(result.errorText.contains(misuse.says), "\(result.errorText)")
        #expect(!result.errorText.contains("hunter2"))
    }
}
