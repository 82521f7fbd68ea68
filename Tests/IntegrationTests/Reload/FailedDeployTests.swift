import Glibc
import Testing
import Waiting

/// New builds of bundles that cannot take over.
@Suite(.hangGuard)
struct FailedDeployTests {
    struct BrokenBuild: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let content: BundleDirectory.Content
        /// What the log says of it.
        let reason: String
        var bundle = "one"

        init(_ name: String, _ content: BundleDirectory.Content, _ reason: String) {
            self.testDescription = name
            self.content = content
            self.reason = reason
        }

        /// `evil-worker`, which is named by its deed.
        init(evil deed: String, _ reason: String) {
            self.init(deed, .evil, reason)
            self.bundle = "evil-\(deed)"
        }

        static let all = [
            BrokenBuild("exits", .script("#!/bin/sh\nexit 3\n"), "it exited with code 3"),
            BrokenBuild("truncated", .truncated, ""),
            BrokenBuild("not executable", .notExecutable, "not executable"),
            BrokenBuild("no worker", .evil, "it exited with code 64"),
            BrokenBuild("no program", .script("hello\n"), "Exec format error"),
            BrokenBuild("no interpreter", .script("#!/nowhere/sh\n"), "No such file"),
            BrokenBuild("hello", .script("#!/bin/sh\necho hello >&3\nsleep 60\n"), "protocol"),
            BrokenBuild(evil: "old-protocol", "version 99 of the worker protocol"),
            BrokenBuild(evil: "other-function", "no function 'work'; it has: rest, play"),
            BrokenBuild(evil: "garbage", "broke the worker protocol"),
            BrokenBuild(evil: "closes-after-hello", "it closed its socket and did not exit"),
            BrokenBuild(evil: "start-fails", "it could not start its function: the database is on fire"),
            BrokenBuild(evil: "early", "a frame of kind result came while the worker was initialising"),
        ]
    }

    @Test(arguments: BrokenBuild.all)
    func `a build that does not start is rolled back, even while workers of the old one die`(
        _ broken: BrokenBuild
    ) async throws {
        try await TestBed.use { bed in
            let bundles = try BundleDirectory(bed)
            try bundles.install(.good, as: broken.bundle)
            try bed.put(Draft("work", handler: "\(broken.bundle)/work"))
            let host = try await bed.startHost(bundles: bundles.path)
            let first = bundles.build(broken.bundle)
            let worker = try await host.runs("work", build: first)
            let events = try await bed.publishing(100, #"{"milliseconds":5}"#) {
                try await bed.journal.wait(for: "work") { $0.count("ended") > 0 }
                try bundles.install(broken.content, as: broken.bundle)
                let log = try await host.wait(for: "the rejection") { log in
                    log.contains { $0.message.hasPrefix("the new version of work cannot start") }
                }
                let complaint = try #require(log.first { $0.message.hasPrefix("the new version of work") })
                #expect(complaint["level"] == "error")
                #expect(complaint.message.contains(broken.reason), "\(complaint.message)")
                #expect(try await host.runs("work", build: first) == worker)
                #expect(host.switches(of: "work") == 0)

                // Whoever dies now is followed by one of the build that runs, not of the one that is there.
                kill(worker, SIGKILL)
                try await bed.journal.wait(for: "work of the next worker") { deeds in
                    deeds.contains { $0.name == "ended" && $0.process != worker }
                }
                #expect(try await host.runs("work", build: first) != worker)
                #expect(bundles.build(broken.bundle) != first)

                try bundles.install(.good, as: broken.bundle)
                let last = try await host.runs("work", build: bundles.build(broken.bundle))
                try await bed.journal.wait(for: "work of the good build") { deeds in
                    deeds.contains { $0.name == "ended" && $0.process == last }
                }
            }
            #expect(events.refused == [])
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == events.confirmed }
            // Nothing is charged for the deploy; one event may be for the kill, if it was in the worker alone.
            #expect(Set(deeds.filter { $0.attempt > 1 }.map(\.event)).count <= 1)
            // It was rejected once: nobody tried again and again.
            #expect(host.log.count { $0.message.hasPrefix("the new version of work cannot start") } == 1)
            #expect(host.switches(of: "work") == 1)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a rejected build is tried again when the host is asked to, and not before`() async throws {
        try await TestBed.use { bed in
            let bundles = try BundleDirectory(bed)
            try bundles.install(.good, as: "one")
            try bundles.install(.good, as: "real")
            try bed.put(Draft("work", handler: "one/work"))
            let other = Draft("record", handler: "real/record").with { $0.keys = ["other"] }
            try bed.put(other)
            let host = try await bed.startHost(bundles: bundles.path)
            let worker = host.processes(of: "work")
            // It starts as soon as what it needs is there, of which the host knows nothing.
            let needed = "\(bed.directory)/needed"
            let text = "#!/bin/sh\n[ -e \(needed) ] || exit 3\nexec \(bundles.path)/real\n"
            try bundles.install(.script(text), as: "one")
            func rejections() -> Int { host.log.count { $0.message.hasPrefix("the new version of work cannot start") } }
            try await host.wait(for: "the rejection") { _ in rejections() == 1 }
            host.warren.signal(SIGHUP)
            try await host.wait(for: "the second rejection") { _ in rejections() == 2 }
            try write("".utf8, to: needed, .inPlace)
            // A change somewhere else is no reason to try again.
            try bed.put(other.with { $0.version = 2 })
            try await host.runs("record", version: 2)
            #expect(rejections() == 2)
            #expect(host.processes(of: "work") == worker)
            host.warren.signal(SIGHUP)
            try await host.runs("work", build: bundles.build("real"))
            try await host.hasSwitched("work", times: 1)
            let confirmed = await bed.publish(ids: ["e"], #"{"milliseconds":0}"#)
            try await bed.journal.wait(for: "the event") { $0.events("ended") == confirmed }
            #expect(try await host.stop() == 0)
        }
    }
}
