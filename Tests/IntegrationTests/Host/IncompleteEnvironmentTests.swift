import AMQP
import Messaging
import Testing
import Waiting

/// A function whose surroundings are incomplete.
@Suite(.hangGuard)
struct IncompleteEnvironmentTests {
    @Test func `a function without its variable is told so, keeps its events, and disturbs nobody`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("record")
            try bed.deploy("fail-first", keys: ["other"], "  TOKEN: { fromEnv: NO_SUCH_VARIABLE }")
            let host = try await bed.startHost(waitingFor: "unhealthy")
            let line = try #require(host.log.first { $0.message == "unhealthy" })
            #expect(line.fields["reason"]?.contains("NO_SUCH_VARIABLE") == true)
            try await host.says("running")
            #expect(try await bed.command(["publish", "work", "--data", "{}"]).exitCode == 0)
            _ = try await bed.journal.wait(for: "event") { !$0.isEmpty }
            // The queue is declared a moment after the status is known.
            try await wait(for: "the event to be kept") {
                try await bed.command(["publish", "other", "--data", "{}"]).exitCode == 0
            }
            #expect(try await host.stop() == 0)
            #expect(try await bed.broker.inspect(queue: bed.queue("fail-first"))?.readyMessages == 1)
        }
    }
}
