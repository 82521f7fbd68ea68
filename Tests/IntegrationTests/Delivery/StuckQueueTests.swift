import Glibc
import Testing
import Waiting

/// A quorum queue whose process answers nothing, as one without a leader does.
@Suite(.hangGuard)
struct StuckQueueTests {
    @Test(arguments: ["", "ordered: true"])
    func `a host ends when a queue answers nothing, and loses nothing`(settings: String) async throws {
        try await TestBed.use { bed in
            try bed.deploy("deliver", settings)
            let host = try await bed.startHost()
            var confirmed = try await bed.publish((1...20).map { ("e-\($0)", "{}") })
            try await bed.journal.wait(for: "the first events") { $0.events("ended") == confirmed }
            try await bed.surgery("deliver").suspend()
            #expect(try await host.stop() == 0)
            try await bed.surgery("deliver").resume()
            confirmed.formUnion(try await bed.publish((21...40).map { ("e-\($0)", "{}") }))
            let next = try await bed.startHost()
            try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(try await next.stop() == 0)
            try await bed.expectAllHandled(confirmed, by: "deliver")
        }
    }

    @Test func `a queue that answers nothing is not deleted, and nothing of it is lost`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("deliver", "onRemove: delete")
            // A host that sees no manifest at all takes none away.
            try bed.deploy("work", keys: ["other"])
            let first = try await bed.startHost()
            #expect(try await first.stop() == 0)
            let confirmed = try await bed.publish((1...20).map { ("e-\($0)", "{}") })
            try await bed.surgery("deliver").suspend()
            // The neighbour's word: from then on the host follows the manifests.
            let host = try await bed.startHost(waitingFor: "running")
            try bed.withdraw("deliver")
            try await host.wait(for: "what becomes of the queue") { log in
                log.contains { $0.message.contains("what becomes of its queue is open") }
            }
            try await bed.surgery("deliver").resume()
            try bed.deploy("deliver", "onRemove: delete")
            try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(try await host.stop() == 0)
            try await bed.expectAllHandled(confirmed, by: "deliver")
        }
    }

    @Test func `a host ends that has never got an answer from a queue`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("deliver")
            let first = try await bed.startHost()
            #expect(try await first.stop() == 0)
            try await bed.surgery("deliver").suspend()
            let host = try await bed.startHost(waitingFor: "host started")
            #expect(try await host.stop() == 0)
            try await bed.surgery("deliver").resume()
        }
    }

    @Test func `a consumer whose queue answers nothing gets a connection of its own, and its neighbour keeps its own`()
        async throws
    {
        try await TestBed.use { bed in
            try bed.deploy("deliver", keys: ["stuck"])
            try bed.deploy("work", keys: ["well"])
            let first = try await bed.startHost()
            #expect(try await first.stop() == 0)
            try await bed.surgery("deliver").suspend()
            let host = try await bed.startHost(waitingFor: "host started")
            try await host.says("a consumer gets a connection of its own")
            let well = Set((1...20).map { "w-\($0)" })
            for id in well { try await bed.publish(bed.event(#"{"milliseconds":1}"#, id: id, key: "well")) }
            try await bed.journal.wait(for: "the neighbour's events") {
                $0.events("ended").isSuperset(of: well)
            }
            #expect(!host.log.contains { $0.message == "deliveries stopped" && $0["function"] == "work" })
            #expect(!host.log.contains { $0.message == "lost the connection to the broker; connecting again" })
            try await bed.surgery("deliver").resume()
            try await bed.publish(bed.event("{}", id: "s-1", key: "stuck"))
            try await bed.journal.wait(for: "the other's event") {
                $0.events("ended") == well.union(["s-1"])
            }
            let exitCode = try await host.stop()
            #expect(exitCode == 0, "\(host.log.suffix(5).map(\.fields))")
            for queue in [bed.queue("deliver"), bed.queue("work")] {
                #expect(try await bed.drainQueue(queue).isEmpty)
            }
        }
    }
}
