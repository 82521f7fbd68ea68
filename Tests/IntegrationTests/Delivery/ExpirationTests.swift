import Messaging
import Testing
import Waiting

/// Events with a time to live.
@Suite(.hangGuard)
struct ExpirationTests {
    @Test func `an event whose time is over at its next attempt is dead-lettered instead of run`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("fail-first", "retry: { maxAttempts: 5, backoff: { initial: 3s } }")
            let host = try await bed.startHost()
            let arguments = ["publish", "work", "--data", #"{"failures":1}"#]
            #expect(try await bed.command(arguments + ["--id", "short", "--expires", "2s"]).exitCode == 0)
            #expect(try await bed.command(arguments + ["--id", "long", "--expires", "1h"]).exitCode == 0)
            let reader = try await bed.reader(bed.deadLetters("fail-first"))
            let letter = try #require(try await reader.messages(1).first)
            #expect(letter.id == "short")
            #expect(letter.headers["warren-dead-reason"] == .string("expired"))
            try await bed.journal.wait(for: "the other") { $0.events("succeeded") == ["long"] }
            #expect(bed.journal.deeds.attempts(of: "short") == [1])
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a time to live that cannot be is refused`() async throws {
        try await TestBed.use { bed in
            for expires in ["soon", "50d"] {
                let result = try await bed.command(["publish", "work", "--data", "{}", "--expires", expires])
                #expect(result.exitCode == 64)
                #expect(result.errors.contains("--expires"))
            }
        }
    }
}
