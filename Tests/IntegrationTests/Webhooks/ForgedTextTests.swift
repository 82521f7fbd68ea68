import AMQP
import FoundationEssentials
import Glibc
import LocalBroker
import Messaging
import Testing
import Waiting

/// Text from outside on the way to a terminal.
@Suite(.hangGuard)
struct ForgedTextTests {
    /// Clears a screen, in two ways, and turns the direction of writing.
    private static let evil = "\u{1b}[2J\u{9b}2J\u{202e}"
    private static let escaped = "\\u{1b}[2J\\u{9b}2J\\u{202e}"

    private static func expectClean(_ text: String) {
        let isClean = text.unicodeScalars.allSatisfy { scalar in
            scalar == "\n" || scalar == "\t" || !(scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value))
        }
        #expect(isClean && !text.unicodeScalars.contains("\u{202e}"), "\(text.debugDescription)")
    }

    @Test func `a ping prints an answer as it is harmless`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/echo/500"))
            let command = [
                "webhook", "ping", "crm", "--manifests", bed.manifests, "--allow-network", "127.0.0.0/8", "--data",
                "\(Self.evil)\ndone in 1 ms",
            ]
            let ping = try await ObservedCommand.run(command)
            #expect(ping.text.contains(Self.escaped), "\(ping.text)")
            Self.expectClean(ping.text)
            #expect(!ping.text.split(separator: "\n").contains { $0.hasPrefix("done in") })
            Self.expectClean(try await ObservedCommand.run(command + ["--json"]).text)
        }
    }

    @Test func `a receiver prints requests so that none can look like two`() async throws {
        try await TestBed.use { bed in
            let receiver = try bed.start(["webhook", "listen", "--port", "0"])
            let greeting = "listening on http://127.0.0.1:"
            var port = 0
            try await wait(for: "the receiver", found: { receiver.errors }) {
                let line = receiver.errors.split(whereSeparator: \.isNewline).first { $0.hasPrefix(greeting) }
                port = line.flatMap { Int($0.dropFirst(greeting.count).prefix { $0 != "/" }) } ?? 0
                return port > 0
            }
            let body = "\(Self.evil)\nPOST /forged id=x signature=valid answer=204"
            let request =
                "POST /x HTTP/1.1\r\nhost: a\r\nwebhook-id: x signature=valid \u{9b}\r\nce-type: \"t\u{202e}\"\r\n"
                + "connection: close\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
            let file = "\(bed.directory)/request"
            try request.write(toFile: file, atomically: true, encoding: .utf8)
            let client = try bed.start(
                command: [
                    "/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(port) && cat '\(file)' >&3 && cat <&3",
                ],
                name: "client"
            )
            #expect(try await client.exit() == 0)
            try await wait(for: "the report", found: { receiver.output }) {
                receiver.output.contains("answer=204\n") && receiver.output.hasSuffix("\n")
            }
            receiver.signal(SIGTERM)
            #expect(try await receiver.exit() == 0)
            Self.expectClean(receiver.output)
            let lines = receiver.output.split(separator: "\n")
            #expect(lines.count { $0.hasPrefix("POST ") } == 1, "\(receiver.output)")
            #expect(
                lines.first?.contains(#"id="x signature=valid \u{9b}" type="\"t\u{202e}\"" signature=none"#) == true
            )
            #expect(lines.dropFirst().first == "  \(Self.escaped)")
        }
    }

    @Test func `the log for people is written so that no value can look like several`() async throws {
        try await TestBed.use { bed in
            let endpoint = try await bed.endpoint()
            try bed.deployWebhook("crm", endpoint.url("/status/400"), "rejectOn: [400]")
            let arguments = [
                "run", "--broker", bed.node.url, "--namespace", bed.namespace, "--manifests", bed.manifests,
                "--bundles",
                WarrenProcess.directory, "--allow-network", "127.0.0.0/8",
            ]
            let host = try bed.start(arguments)
            try await wait(for: "the host", found: { host.errors }) {
                host.errors.contains("all functions are running")
            }
            try await bed.publish(bed.event("{}", id: "x\" reason=forged \(Self.evil)\n12:00:00.000 info"))
            try await wait(for: "the line", found: { host.errors }) {
                host.errors.contains("event dead-lettered")
            }
            host.signal(SIGTERM)
            #expect(try await host.exit() == 0)
            Self.expectClean(host.errors)
            let line = host.errors.split(separator: "\n").first { $0.contains("event dead-lettered") } ?? ""
            #expect(line.contains(#"event="x\" reason=forged \#(Self.escaped)\n12:00:00.000 info""#), "\(line)")
            #expect(line.hasSuffix(" reason=rejected"))
        }
    }
}
