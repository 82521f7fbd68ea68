import Glibc
import Testing
import Waiting

/// The RabbitMQ node that `warren dev` starts for itself.
@Suite(.hangGuard)
struct PrivateNodeTests {
    @Test func `a private node that dies is started again, and the host goes on with it`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("work")
            let host = HostProcess(
                try bed.start([
                    "dev", "--data", "\(bed.directory)/node", "--namespace", bed.namespace,
                    "--manifests", bed.manifests, "--bundles", WarrenProcess.directory, "--json",
                ])
            )
            try await host.says("all functions are running")
            let node = try #require(ProcessFacts(host.warren.process).children.first { $0.name == "beam.smp" })
            kill(node.process, SIGKILL)
            try await host.says("the private RabbitMQ node has died; starting it again")
            try await host.wait(for: "the function at work again") { log in
                log.drop { $0.message != "the private RabbitMQ node is back" }.contains { $0.message == "running" }
            }
            let next = try #require(ProcessFacts(host.warren.process).children.first { $0.name == "beam.smp" })
            #expect(next.process != node.process)
            let url = try #require(host.log.lazy.compactMap { $0["broker"] }.first)
            let publish = try bed.start([
                "publish", "work", "--exchange", bed.exchange, "--broker", url.replacing("//", with: "//guest:guest@"),
                "--id", "after", "--data", #"{"milliseconds":1}"#,
            ])
            #expect(try await publish.exit() == 0, "\(publish.errors)")
            try await bed.journal.wait(for: "the event") { $0.events("ended").contains("after") }
            #expect(try await host.stop() == 0)
            #expect(kill(next.process, 0) != 0)
        }
    }
}
