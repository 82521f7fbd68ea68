import AMQP
import Foundation
import Glibc
import Messaging
import Testing
import Waiting

/// Manifests go, and come back.
@Suite(.hangGuard)
struct RemovalTests {
    @Test func `a function whose manifest goes drains and stops, and its queue stays until it comes back`() async throws
    {
        try await TestBed.use { bed in
            let work = Draft("work").with { $0.settings = "concurrency: 2" }
            let stays = Draft("record").with { $0.keys = ["other"] }
            try bed.put(work)
            try bed.put(stays)
            let host = try await bed.startHost()
            let neighbours = host.processes(of: "record")
            var confirmed = await bed.publish(ids: (1...40).map { "e-\($0)" }, #"{"milliseconds":300}"#)
            try await bed.journal.wait(for: "work") { $0.count("begun") >= 4 }
            try bed.withdraw("work")
            let log = try await host.wait(for: "what becomes of the queue") { log in
                log.contains { $0.message.hasPrefix("the function is gone and its queue stays") }
            }
            #expect(host.workers(of: "work").isEmpty)
            let deeds = bed.journal.deeds
            #expect(deeds.events("begun") == deeds.events("ended"), "what had begun came to its end")
            let left = confirmed.count - deeds.events("ended").count
            #expect(left > 0)
            let report = try #require(log.first { $0.message.hasPrefix("the function is gone and its queue stays") })
            #expect(report["waiting"] == "\(left)")
            #expect(report["queue"] == bed.queue("work"))
            #expect(log.contains { $0.message == "stopped" && $0["function"] == "work" })

            confirmed.formUnion(await bed.publish(ids: (41...50).map { "e-\($0)" }, #"{"milliseconds":0}"#))
            #expect(confirmed.count == 50)
            #expect(try await bed.broker.inspect(queue: bed.queue("work"))?.readyMessages == left + 10)
            try bed.put(work.with { $0.settings = "concurrency: 20" })
            let all = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(all.count("begun") == confirmed.count, "some ran twice")
            #expect(all.allSatisfy { $0.attempt == 1 })
            #expect(host.processes(of: "record") == neighbours)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a queue goes with its manifest only if that says so and nothing is in it`() async throws {
        try await TestBed.use { bed in
            let empty = Draft("record").with {
                $0.keys = ["other"]
                $0.settings = "onRemove: delete"
            }
            let full = Draft("work").with { $0.settings = "concurrency: 1\nonRemove: delete" }
            try bed.put(empty)
            try bed.put(full)
            let host = try await bed.startHost()
            try await bed.publish(bed.event("{}", id: "other", key: "other"))
            try await bed.journal.wait(for: "the event") { $0.events("recorded") == ["other"] }
            let confirmed = await bed.publish(ids: (1...20).map { "e-\($0)" }, #"{"milliseconds":200}"#)
            try await bed.journal.wait(for: "work") { $0.count("begun") >= 1 }
            try bed.withdraw("record")
            try bed.withdraw("work")
            try await host.wait(for: "the queue's end") { log in
                log.contains { entry in
                    entry.message == "the function is gone, and its queue is gone"
                        && entry["queue"] == bed.queue("record")
                }
            }
            try await host.wait(for: "the warning") { log in
                log.contains { entry in
                    entry["level"] == "warning" && entry["queue"] == bed.queue("work")
                        && entry.message.contains("its queue stays, because it is not empty")
                }
            }
            for queue in [bed.queue("record"), bed.deadLetters("record")] {
                #expect(try await bed.broker.inspect(queue: queue) == nil)
            }
            #expect(try await host.stop() == 0)
            let ledger = try await bed.ledger(
                confirmed: confirmed,
                handled: bed.journal.deeds.events("ended"),
                function: "work"
            )
            ledger.expectBalance()
            #expect(ledger.queued.isEmpty == false)
            #expect(ledger.queued.isDisjoint(with: ledger.handled))
            // It is still bound: it goes on taking events.
            try await bed.publish(bed.event(#"{"milliseconds":0}"#, id: "later"))
        }
    }

    @Test func `a queue goes although an event of it was running when its manifest went`() async throws {
        try await TestBed.use { bed in
            try bed.put(Draft("record").with { $0.keys = ["other"] })
            try bed.put(Draft("work").with { $0.settings = "onRemove: delete" })
            let host = try await bed.startHost()
            let confirmed = await bed.publish(ids: ["e"], #"{"milliseconds":1500}"#)
            try await bed.journal.wait(for: "the run") { $0.count("begun") == 1 }
            try bed.withdraw("work")
            try await host.wait(for: "the queue's end") { log in
                log.contains { $0.message.hasSuffix("its queue is gone") && $0["queue"] == bed.queue("work") }
            }
            #expect(bed.journal.deeds.events("ended") == confirmed)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a queue stays as long as another host runs an event of it, which may die`() async throws {
        try await TestBed.use { bed in
            let work = Draft("work").with { $0.settings = "concurrency: 1\ntimeout: 3m\nonRemove: delete" }
            try bed.put(Draft("record").with { $0.keys = ["other"] })
            try bed.put(work)
            let debugging = ["--log-level", "debug"]
            // Each host has a directory of manifests of its own.
            let copy = "\(bed.directory)/copy"
            try FileManager.default.copyItem(atPath: bed.manifests, toPath: copy)
            var hosts = [bed.manifests: try await bed.startHost(arguments: debugging)]
            hosts[copy] = try await bed.startHost(manifests: copy, arguments: debugging)
            let confirmed = await bed.publish(ids: ["e"], #"{"milliseconds":150000}"#)
            let deeds = try await bed.journal.wait(for: "the run") { $0.count("begun") == 1 }
            let (manifests, busy) = try #require(
                hosts.first { $0.value.processes(of: "work").contains(deeds[0].process) }
            )
            hosts[manifests] = nil
            let (others, idle) = try #require(hosts.first)

            #expect(unlink("\(manifests)/work.yaml") == 0)
            try await busy.wait(for: "the busy host to drain its function") { log in
                log.contains { $0.message == "status changed" && $0["status"] == "draining" }
            }
            #expect(unlink("\(others)/work.yaml") == 0)
            try await idle.wait(for: "the idle host's look") { log in
                log.contains { $0["queue"] == bed.queue("work") && $0.message.contains("another host consumes it") }
            }
            busy.warren.signal(SIGKILL)
            #expect(bed.journal.deeds.count("ended") == 0)
            try await Waiting.wait(for: "the event to be back") {
                try await bed.broker.inspect(queue: bed.queue("work"))?.readyMessages == 1
            }
            #expect(try await idle.stop() == 0)
            let ledger = try await bed.ledger(confirmed: confirmed, handled: [], function: "work")
            ledger.expectBalance()
            #expect(ledger.queued == confirmed)
        }
    }

    @Test func `a directory that is gone or unreadable removes nothing`() async throws {
        try await TestBed.use { bed in
            let draft = Draft("work")
            try bed.put(draft)
            let host = try await bed.startHost()
            let worker = host.processes(of: "work")
            let aside = "\(bed.directory)/aside"
            #expect(rename(bed.manifests, aside) == 0)
            try await host.wait(for: "the complaint") { log in
                log.contains { $0["level"] == "error" && $0.message.hasSuffix("goes on: work") }
            }
            #expect(host.processes(of: "work") == worker)
            let confirmed = await bed.publish(ids: ["e"], #"{"milliseconds":0}"#)
            try await bed.journal.wait(for: "the event") { $0.events("ended") == confirmed }
            #expect(rename(aside, bed.manifests) == 0)
            try await host.wait(for: "the mending") { log in
                log.contains { $0.message == "\(bed.manifests) is refused no more" }
            }
            #expect(host.processes(of: "work") == worker)
            try bed.put(draft.with { $0.version = 2 })
            try await host.runs("work", version: 2)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a new manifest starts its function beside the others`() async throws {
        try await TestBed.use { bed in
            try bed.put(Draft("record").with { $0.keys = ["other"] })
            let host = try await bed.startHost()
            let neighbours = host.processes(of: "record")
            try bed.put(Draft("work"))
            try await host.wait(for: "the new function") { log in
                log.contains { $0.message == "running" && $0["function"] == "work" }
            }
            let confirmed = await bed.publish(ids: (1...20).map { "e-\($0)" }, #"{"milliseconds":0}"#)
            #expect(confirmed.count == 20)
            try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(host.processes(of: "record") == neighbours)
            #expect(try await host.stop() == 0)
        }
    }
}
