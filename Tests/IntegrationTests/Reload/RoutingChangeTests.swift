import AMQP
import Glibc
import Messaging
import Testing
import Waiting

/// A manifest's keys or queue change under load.
@Suite(.hangGuard)
struct RoutingChangeTests {
    @Test func `a new key is bound and an old one unbound when the new version has taken over`() async throws {
        try await TestBed.use { bed in
            let draft = Draft("work").with { $0.keys = ["both", "old"] }
            try bed.put(draft)
            let host = try await bed.startHost()
            let worker = host.processes(of: "work")
            var confirmed: Set<String> = []
            var others = Published()
            let both = try await bed.publishing(100, key: "both", prefix: "b") {
                // Whatever is confirmed for the key that goes came before it was unbound.
                others = try await bed.publishing(100, key: "old", prefix: "o") {
                    try bed.put(draft.with { $0.keys = ["both", "new.*"] })
                    try await host.hasSwitched("work", times: 1)
                    try await wait(for: "the new key to be bound") {
                        confirmed = await bed.publish(ids: ["n-1"], key: "new.one")
                        return confirmed.count == 1
                    }
                    try await bed.isUnbound("old")
                }
            }
            confirmed.formUnion(await bed.publish(ids: ["n-3"], key: "new.two"))
            #expect(both.refused == [])
            #expect(others.confirmed.isEmpty == false)
            confirmed.formUnion(both.confirmed)
            confirmed.formUnion(others.confirmed)
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(deeds.count("begun") == confirmed.count, "some ran twice")
            #expect(host.processes(of: "work").isDisjoint(with: worker))
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `keys that come and go in quick succession end as the last edit says`() async throws {
        try await TestBed.use { bed in
            let draft = Draft("work").with { $0.keys = ["both"] }
            try bed.put(draft)
            let host = try await bed.startHost()
            let choices = [
                ["both", "new"], ["both"], ["both", "new", "more"], ["both", "more"], ["both", "new", "more"],
            ]
            var version = 1
            /// One edit after the other, each read at once, most of them while the one before is under way.
            func edit(endingWith keys: [String]) async throws {
                for number in 1...30 {
                    version += 1
                    try bed.put(
                        draft.with {
                            $0.version = version
                            $0.keys = number == 30 ? keys : choices[number % choices.count]
                        }
                    )
                    host.warren.signal(SIGHUP)
                    try await Task.sleep(for: .milliseconds(number % 4 * 10))
                }
                try await host.runs("work", version: version)
            }
            var confirmed: Set<String> = []
            let both = try await bed.publishing(100, key: "both") {
                try await edit(endingWith: ["both", "new", "more"])
                // Keys are bound when the version that names them has taken over, which may be a moment later.
                func publish(_ id: String, key: String) async throws {
                    try await wait(for: "the key \(key) to be bound") {
                        let taken = await bed.publish(ids: [id], key: key)
                        confirmed.formUnion(taken)
                        return taken == [id]
                    }
                }
                try await publish("n-1", key: "new")
                try await publish("m-1", key: "more")
                try await edit(endingWith: ["both"])
                for key in ["new", "more"] { try await bed.isUnbound(key) }
                try await edit(endingWith: ["both", "more"])
                try await publish("m-2", key: "more")
                try await bed.isUnbound("new")
            }
            #expect(both.refused == [])
            confirmed.formUnion(both.confirmed)
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(deeds.count("begun") == confirmed.count, "some ran twice")
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a version that cannot start leaves no binding behind`() async throws {
        try await TestBed.use { bed in
            let draft = Draft("work")
            try bed.put(draft)
            let host = try await bed.startHost()
            let worker = host.processes(of: "work")
            try bed.put(
                draft.with {
                    $0.keys = ["work", "more"]
                    $0.handler = "test-functions/no-such-function"
                }
            )
            try await host.wait(for: "the rejection") { log in
                log.contains { $0["level"] == "error" && $0.message.contains("has no function 'no-such-function'") }
            }
            try await bed.isUnbound("more")
            #expect(host.processes(of: "work") == worker)
            let confirmed = await bed.publish(ids: ["e"], #"{"milliseconds":0}"#)
            try await bed.journal.wait(for: "the event") { $0.events("ended") == confirmed }
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `an edit that the broker refuses for the queue that exists changes nothing`() async throws {
        try await TestBed.use { bed in
            let draft = Draft("work")
            try bed.put(draft)
            let host = try await bed.startHost()
            let worker = host.processes(of: "work")
            try bed.put(draft.with { $0.settings = "ordered: true" })
            try await host.wait(for: "the rejection") { log in
                log.contains {
                    $0["level"] == "error" && $0.message.hasPrefix("the new version of work cannot start")
                        && $0.message.contains(bed.queue("work"))
                }
            }
            // The refused version's workers are told to end when the broker has refused it.
            try await wait(for: "the end of the refused version's workers") { host.processes(of: "work") == worker }
            var confirmed = await bed.publish(ids: ["e-1"], #"{"milliseconds":0}"#)
            try await bed.journal.wait(for: "the event") { $0.events("ended") == confirmed }
            // With a queue of its own it can be had.
            try bed.put(draft.with { $0.settings = "ordered: true\nqueue: \(bed.namespace).in-order" })
            try await host.wait(for: "the function on its new queue") { _ in host.count("running", of: "work") == 2 }
            confirmed.formUnion(await bed.publish(ids: ["e-2"], #"{"milliseconds":0}"#))
            try await bed.journal.wait(for: "the event") { $0.events("ended") == confirmed }
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a queue that is changed and changed back at once is bound all the time`() async throws {
        try await TestBed.use { bed in
            let draft = Draft("work")
            try bed.put(draft)
            let host = try await bed.startHost()
            // It keeps the first version from its end.
            var confirmed = await bed.publish(ids: ["long"], #"{"milliseconds":1500}"#)
            try await bed.journal.wait(for: "its beginning") { $0.count("begun") == 1 }
            let events = try await bed.publishing(200) {
                try bed.put(draft.with { $0.settings = "queue: \(bed.namespace).elsewhere" })
                try await host.wait(for: "the new queue") { _ in host.count("running", of: "work") == 2 }
                try bed.put(draft)
                try await host.wait(for: "the old queue again") { _ in host.count("running", of: "work") == 3 }
            }
            #expect(events.refused == [], "there was a time in which no queue was bound")
            confirmed.formUnion(events.confirmed)
            try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a move to a queue that cannot be had leaves the function where it is`() async throws {
        try await TestBed.use { bed in
            let draft = Draft("work")
            try bed.put(draft)
            let host = try await bed.startHost()
            let worker = host.processes(of: "work")
            let other = "\(bed.namespace).classic"
            try await bed.broker.declare([.queue(QueueDeclaration(name: other, arguments: []))])
            let events = try await bed.publishing(200) {
                try bed.put(draft.with { $0.settings = "queue: \(other)" })
                try await host.wait(for: "the reason") { log in
                    log.contains { $0.message == "unhealthy" && $0["reason"]?.contains(other) == true }
                }
                let before = bed.journal.deeds.count
                try await bed.journal.wait(for: "work meanwhile") { $0.count > before + 20 }
                #expect(worker.isSubset(of: host.processes(of: "work")))
                try bed.put(draft)
                try await host.wait(for: "the end of the move") { log in
                    log.contains { $0["queue"] == other && $0.message.contains("has moved to another queue") }
                }
            }
            #expect(events.refused == [], "there was a time in which no queue was bound")
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == events.confirmed }
            #expect(deeds.count("begun") == events.confirmed.count, "some ran twice")
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `an ordered function works its old queue off before it begins with the new one`() async throws {
        try await TestBed.use { bed in
            let draft = Draft("work").with { $0.settings = "ordered: true" }
            try bed.put(draft)
            let host = try await bed.startHost()
            var confirmed = await bed.publish(ids: (1...30).map { "old-\($0)" }, #"{"milliseconds":200}"#)
            try await bed.journal.wait(for: "the first run") { $0.count("begun") >= 1 }
            let other = "\(bed.namespace).elsewhere"
            try bed.put(draft.with { $0.settings += "\nqueue: \(other)" })
            // Until the new queue is bound, events go to the old one.
            var number = 0
            try await Waiting.wait(for: "events in the new queue, which nobody takes") {
                number += 1
                confirmed.formUnion(await bed.publish(ids: ["new-\(number)"], #"{"milliseconds":1}"#))
                return try await bed.broker.inspect(queue: other)?.readyMessages ?? 0 >= 5
            }
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(deeds.peak == 1)
            let begun = deeds.filter { $0.name == "begun" }.map(\.event)
            let firstNew = try #require(begun.firstIndex { $0.hasPrefix("new") })
            #expect(begun[firstNew...].allSatisfy { $0.hasPrefix("new") })
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a function moves to another queue without a gap, and leaves nothing behind`() async throws {
        try await TestBed.use { bed in
            let draft = Draft("work").with { $0.settings = "concurrency: 4" }
            try bed.put(draft)
            let host = try await bed.startHost()
            let worker = host.processes(of: "work")
            // More than it can do, so that there is something to leave behind.
            var events = try await bed.publishing(200, #"{"milliseconds":40}"#) {
                try await bed.journal.wait(for: "work") { $0.count("ended") > 50 }
                try bed.put(draft.with { $0.settings += "\nqueue: \(bed.namespace).elsewhere" })
                try await bed.journal.wait(for: "work from the new queue") { deeds in
                    deeds.contains { $0.name == "ended" && !worker.contains($0.process) }
                }
            }
            let log = try await host.wait(for: "the end of the old one") { log in
                log.contains { $0["queue"] == bed.queue("work") && $0.message.contains("has moved to another queue") }
            }
            #expect(events.refused == [], "there was a time in which no queue was bound")
            let old = log.filter { $0["queue"] == bed.queue("work") }
            #expect(old.first?.message == "stopped")
            #expect(old.last?["waiting"] == "0")
            let beginning = log.first { $0["from"] == bed.queue("work") }
            #expect(beginning?.message == "moving to another queue; the old one is worked off meanwhile")
            #expect(beginning?["to"] == "\(bed.namespace).elsewhere")
            events.confirmed.formUnion(await bed.publish(ids: ["last"], #"{"milliseconds":0}"#))
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == events.confirmed }
            // Both queues got what was published while both were bound, so an event may run twice but not thrice.
            let runs = Dictionary(grouping: deeds.filter { $0.name == "begun" }, by: \.event).values.map(\.count)
            #expect(runs.allSatisfy { $0 <= 2 })
            print("moved to another queue: \(runs.count { $0 == 2 }) of \(runs.count) events came to both queues")
            #expect(try await bed.broker.inspect(queue: bed.queue("work"))?.readyMessages == 0, "it is still bound")
            #expect(host.processes(of: "work").isDisjoint(with: worker))
            #expect(try await host.stop() == 0)
        }
    }
}

extension TestBed {
    /// Waits until nothing is bound with the key any more. What it tries with is no work for the function.
    fileprivate func isUnbound(_ key: String) async throws {
        try await wait(for: "the end of the binding of \(key)") {
            await self.broker.publish([self.event("nothing", id: "none", key: key)]) != [.confirmed]
        }
    }

    /// Publishes work that is done at once, and returns the ids that the broker confirmed.
    fileprivate func publish(ids: [String], key: String) async -> Set<String> {
        let results = await self.broker.publish(ids.map { self.event(#"{"milliseconds":0}"#, id: $0, key: key) })
        return Set(zip(ids, results).lazy.filter { $0.1 == .confirmed }.map(\.0))
    }
}
