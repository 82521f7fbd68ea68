import Glibc
import Testing
import Waiting

/// New builds of bundles take over from old ones.
@Suite(.hangGuard)
struct CodeDeployTests {
    @Test func `a new build rolls the workers of just the functions that use the bundle`() async throws {
        try await TestBed.use { bed in
            let bundles = try BundleDirectory(bed)
            try bundles.install(.good, as: "one")
            try bundles.install(.good, as: "two")
            try bed.put(Draft("work", handler: "one/work"))
            try bed.put(Draft("refuse", handler: "one/refuse").with { $0.keys = ["third"] })
            try bed.put(Draft("record", handler: "two/record").with { $0.keys = ["other"] })
            let host = try await bed.startHost(bundles: bundles.path)
            let other = host.processes(of: "record")
            let events = try await bed.publishing(250, #"{"milliseconds":10}"#) {
                try await bed.journal.wait(for: "work of the first build") { !$0.isEmpty }
                for round in 1...2 {
                    try bundles.install(.good, as: "one")
                    let worker = try await host.runs("work", build: bundles.build("one"))
                    try await host.runs("refuse", build: bundles.build("one"))
                    try await host.hasSwitched("work", times: round)
                    try await bed.journal.wait(for: "its work") { $0.contains { $0.process == worker } }
                }
                #expect(host.processes(of: "record") == other)
                try bundles.install(.good, as: "two")
                try await host.runs("record", build: bundles.build("two"))
            }
            #expect(events.refused == [])
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == events.confirmed }
            #expect(deeds.count("begun") == events.confirmed.count, "some ran twice")
            #expect(Set(deeds.map(\.process)).count == 3)
            #expect(["work", "refuse", "record"].map(host.switches) == [2, 2, 1])
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a handler with a version names another executable`() async throws {
        try await TestBed.use { bed in
            let bundles = try BundleDirectory(bed)
            for name in ["orders@1", "orders@2"] { try bundles.install(.good, as: name) }
            try bed.put(Draft("work", handler: "orders@1/work"))
            try bed.put(Draft("record", handler: "orders@1/record").with { $0.keys = ["other"] })
            let host = try await bed.startHost(bundles: bundles.path)
            try await host.runs("work", build: bundles.build("orders@1"))
            let other = host.processes(of: "record")
            let events = try await bed.publishing(250, #"{"milliseconds":10}"#) {
                try bed.put(Draft("work", handler: "orders@2/work"))
                try await host.runs("work", build: bundles.build("orders@2"))
                try await host.hasSwitched("work", times: 1)
                // One that is not there yet is waited for with the present one.
                try bed.put(Draft("work", handler: "orders@3/work"))
                try await host.wait(for: "the reason") { log in
                    log.contains { $0["level"] == "error" && $0.message.contains("orders@3") }
                }
                try await host.runs("work", build: bundles.build("orders@2"))
                try bundles.install(.good, as: "orders@3")
                try await host.runs("work", build: bundles.build("orders@3"))
                try await host.hasSwitched("work", times: 2)
                // And back.
                try bed.put(Draft("work", handler: "orders@1/work"))
                try await host.runs("work", build: bundles.build("orders@1"))
            }
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == events.confirmed }
            #expect(deeds.count("begun") == events.confirmed.count, "some ran twice")
            #expect(host.processes(of: "record") == other)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a bundle that is replaced while it starts ends with its last build`() async throws {
        try await TestBed.use { bed in
            let bundles = try BundleDirectory(bed)
            try bundles.install(.good, as: "one")
            try bed.put(Draft("work", handler: "one/work").with { $0.settings = "concurrency: 4" })
            try bed.put(Draft("record").with { $0.keys = ["other"] })
            try bundles.install(.good, as: "test-functions")
            let host = try await bed.startHost(bundles: bundles.path)
            let other = host.processes(of: "record")
            let events = try await bed.publishing(200, #"{"milliseconds":10}"#) {
                for number in 1...20 {
                    // Every fifth is broken, the last one is good.
                    try bundles.install(number % 5 == 2 ? .truncated : .good, as: "one")
                    try await Task.sleep(for: .milliseconds(100))
                }
                try await host.runs("work", build: bundles.build("one"))
            }
            #expect(events.refused == [])
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == events.confirmed }
            #expect(deeds.count("begun") == events.confirmed.count, "some ran twice")
            #expect(deeds.peak <= 4)
            #expect(host.processes(of: "record") == other)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a function whose bundle is missing is unhealthy, and starts when it appears`() async throws {
        try await TestBed.use { bed in
            let bundles = try BundleDirectory(bed)
            try bundles.install(.good, as: "there")
            try bed.put(Draft("work", handler: "missing/work"))
            try bed.put(Draft("record", handler: "there/record").with { $0.keys = ["other"] })
            let host = try await bed.startHost(bundles: bundles.path, waitingFor: "unhealthy")
            let log = try await host.wait(for: "the neighbour") { log in
                log.contains { $0.message == "running" && $0["function"] == "record" }
            }
            let complaint = try #require(log.first { $0.message == "unhealthy" })
            #expect(complaint["function"] == "work")
            #expect(complaint["reason"]?.contains("\(bundles.path)/missing") == true)
            var confirmed: Set<String> = []
            try await wait(for: "its queue") {
                confirmed = await bed.publish(ids: ["first"], #"{"milliseconds":0}"#)
                return confirmed == ["first"]
            }
            confirmed.formUnion(await bed.publish(ids: (1...20).map { "e-\($0)" }, #"{"milliseconds":0}"#))
            #expect(confirmed.count == 21)
            let other = host.processes(of: "record")
            try bundles.install(.good, as: "missing")
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == confirmed }
            #expect(deeds.allSatisfy { $0.attempt == 1 })
            try await host.wait(for: "health") { log in
                log.contains { $0.message == "running" && $0["function"] == "work" }
            }
            #expect(host.processes(of: "record") == other)
            #expect(try await host.stop() == 0)
        }
    }
}
