import Foundation
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
            try await Self.wait(for: bed.queue("work"), toBeWrittenIn: "\(bed.directory)/node")
            let node = try #require(ProcessFacts(host.warren.process).children.first { $0.name == "beam.smp" })
            kill(node.process, SIGKILL)
            try await host.says("the private RabbitMQ node has died; starting it again")
            try await host.wait(for: "the function at work again") { log in
                log.drop { $0.message != "the private RabbitMQ node is back" }.contains {
                    $0.message == "running again"
                }
            }
            let next = try #require(ProcessFacts(host.warren.process).children.first { $0.name == "beam.smp" })
            #expect(next.process != node.process)
            try await Self.publish("after", to: host, of: bed)
            #expect(try await host.stop() == 0)
            #expect(kill(next.process, 0) != 0)
        }
    }

    /// RabbitMQ writes down half a second later than it says where the data of a new queue are (`names.dets`); killed
    /// before that it begins with another log for the queue, which never gets a leader.
    private static func wait(for queue: String, toBeWrittenIn data: String) async throws {
        // In Erlang's external term format the next binary follows, whose tag is m; the dead-letter queue's name goes
        // on.
        let name = Data("\(queue)m".utf8)
        try await Waiting.wait(for: "\(queue) in names.dets") {
            let files = FileManager.default.enumerator(atPath: data)?.compactMap { $0 as? String } ?? []
            return files.filter { $0.hasSuffix("/names.dets") }.contains { file in
                (try? Data(contentsOf: URL(fileURLWithPath: "\(data)/\(file)")))?.firstRange(of: name) != nil
            }
        }
    }

    /// Publishes an event on the host's own node, and waits until it is handled.
    private static func publish(_ id: String, to host: HostProcess, of bed: TestBed) async throws {
        let url = try #require(host.log.lazy.compactMap { $0["broker"] }.first)
        let publish = try bed.start([
            "publish", "work", "--exchange", bed.exchange, "--broker", url.replacing("//", with: "//guest:guest@"),
            "--id", id, "--data", #"{"milliseconds":1}"#,
        ])
        #expect(try await publish.exit() == 0, "\(publish.errors)")
        try await bed.journal.wait(for: "event \(id)") { $0.events("ended").contains(id) }
    }
}
