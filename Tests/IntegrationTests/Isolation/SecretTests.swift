import FoundationEssentials
import Glibc
import Testing
import Waiting

/// A worker has what its manifest gives it, and nothing of its host's own.
@Suite(.hangGuard)
struct SecretTests {
    @Test func `a worker has no environment variable that its manifest does not give`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("look-around", "  TOKEN: { fromEnv: TOKEN }\nlimits: { openFiles: 256 }")
            let secrets = [
                "WARREN_BROKER": "amqp://admin:hunter2@127.0.0.1:1/", "TOKEN": "given", "OTHER": "hunter3",
                "PATH": "/bin",
            ]
            let host = try await bed.startHost(environment: secrets)
            #expect(host.facts.environment == secrets, "the host has them")
            let worker = try #require(host.facts.children.first)
            let given = ["JOURNAL": bed.journal.path, "TOKEN": "given"]
            let ours = ["WARREN_WORKER": "1", "WARREN_LIMITS": "openFiles=256"]
            #expect(worker.environment == given.merging(ours) { first, _ in first })
            let names = ["TOKEN", "WARREN_LIMITS", "WARREN_BROKER", "OTHER", "PATH"]
            try await bed.publish(bed.event(#"{"names":\#(names)}"#, id: "look"))
            let deeds = try await bed.journal.wait(for: "look") { $0.count == names.count }
            #expect(
                deeds.map(\.name) == [
                    "has-TOKEN", "lacks-WARREN_LIMITS", "lacks-WARREN_BROKER", "lacks-OTHER", "lacks-PATH",
                ]
            )
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a worker has no descriptor of its host`() async throws {
        try await TestBed.use { bed in
            // Without O_CLOEXEC, so that the host has it.
            let path = "\(bed.directory)/secret"
            let secret = open(path, O_RDWR | O_CREAT, 0o600)
            try #require(secret >= 0)
            defer { close(secret) }
            try bed.deploy("misbehave")
            try bed.deploy("record", keys: ["neighbour"])
            let host = try await bed.startHost()
            let secretOfHost = host.facts.links.values.contains(path)
            #expect(secretOfHost)
            let workers = host.facts.children
            #expect(workers.count == 2)
            let ofHost = Set(host.facts.links.values)
            for worker in workers {
                let links = worker.links
                #expect(links[0] == "/dev/null")
                #expect(links[3]?.hasPrefix("socket:") == true)
                // Its stdout and stderr are pipes that the host has the other ends of.
                let others = links.filter { !(0...2).contains($0.key) && !$0.value.hasPrefix("anon_inode:") }.values
                #expect(ofHost.isDisjoint(with: others), "\(links)")
            }
            let sockets = workers.map { $0.links.values.filter { $0.hasPrefix("socket:") } }
            #expect(sockets.allSatisfy { $0.count == 1 } && sockets[0] != sockets[1], "\(sockets)")
            #expect(try await host.stop() == 0)
        }
    }
}
