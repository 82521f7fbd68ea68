import FoundationEssentials
import Glibc
import Testing
import Waiting

/// Manifests and secrets as orchestrators mount and swap them.
@Suite(.hangGuard)
struct MountedFilesTests {
    /// A directory as Kubernetes mounts a ConfigMap: its files are links into `..data`, which is a link to a directory
    /// with a time in its name. It is updated by a rename of another link over `..data`.
    private struct ConfigMap {
        let directory: String
        private var generation = 0

        init(_ directory: String) throws {
            self.directory = directory
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        }

        mutating func update(_ files: [String: String]) throws {
            let old = "..2026_01_01_00_00_00.\(self.generation)"
            self.generation += 1
            let new = "..2026_01_01_00_00_00.\(self.generation)"
            let manager = FileManager.default
            try manager.createDirectory(atPath: "\(self.directory)/\(new)", withIntermediateDirectories: false)
            for (name, text) in files {
                try write(text.utf8, to: "\(self.directory)/\(new)/\(name)", .inPlace)
            }
            try #require(symlink(new, "\(self.directory)/..data_tmp") == 0)
            try #require(rename("\(self.directory)/..data_tmp", "\(self.directory)/..data") == 0)
            for name in files.keys where access("\(self.directory)/\(name)", F_OK) != 0 {
                try #require(symlink("..data/\(name)", "\(self.directory)/\(name)") == 0)
            }
            // A file that is gone from the map leaves a dangling link, which goes next.
            for name in try manager.contentsOfDirectory(atPath: self.directory)
            where !name.hasPrefix("..") && files[name] == nil {
                try manager.removeItem(atPath: "\(self.directory)/\(name)")
            }
            if self.generation > 1 { try manager.removeItem(atPath: "\(self.directory)/\(old)") }
        }
    }

    @Test func `a swapped ConfigMap is taken up, and what is the same in it is not touched`() async throws {
        try await TestBed.use { bed in
            let work = Draft("work")
            let record = Draft("record").with { $0.keys = ["other"] }
            func text(_ draft: Draft) -> String { draft.text(for: bed) }
            var map = try ConfigMap("\(bed.directory)/mounted")
            try map.update(["work.yaml": text(work), "record.yaml": text(record)])
            let host = try await bed.startHost(manifests: map.directory)
            let untouched = host.processes(of: "record")
            #expect(untouched.count == 1)
            let events = try await bed.publishing(200, #"{"milliseconds":5}"#) {
                for version in 2...4 {
                    let new = work.with { $0.version = version }
                    try map.update(["work.yaml": text(new), "record.yaml": text(record)])
                    try await host.runs("work", version: version)
                }
                // Each swap also comes with a new function, or without one.
                let new = work.with { $0.version = 5 }
                let added = Draft("refuse").with { $0.keys = ["third"] }
                try map.update(["work.yaml": text(new), "record.yaml": text(record), "refuse.yaml": text(added)])
                try await host.runs("work", version: 5)
                try await host.runs("refuse", version: 1)
                #expect(host.log.allSatisfy { !$0.message.contains("refused") }, "a swap was read half")
                try map.update(["work.yaml": text(new), "record.yaml": text(record)])
                try await host.wait(for: "the removal") { log in
                    log.contains { $0.message == "stopped" && $0["function"] == "refuse" }
                }
            }
            #expect(events.refused == [])
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == events.confirmed }
            #expect(deeds.count("begun") == events.confirmed.count, "some ran twice")
            #expect(host.processes(of: "record") == untouched)
            #expect(host.switches(of: "work") == 4)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a changed secret rolls the workers that have it, and is never in the log`() async throws {
        try await TestBed.use { bed in
            let secret = "\(bed.directory)/secret"
            func value(_ number: Int) -> String { "s3cret-of-\(bed.namespace)-\(number)" }
            try write("\(value(1))\n".utf8, to: secret, .renaming)
            let work = Draft("work").with { $0.environment = ["TOKEN: { fromFile: \(secret) }"] }
            try bed.put(work)
            try bed.put(Draft("record").with { $0.keys = ["other"] })
            let host = try await bed.startHost()
            let untouched = host.processes(of: "record")
            func has(_ number: Int) async throws {
                try await wait(for: "secret \(number) in the worker") {
                    host.workers(of: "work").map { $0.environment["TOKEN"] } == [value(number)]
                }
            }
            try await has(1)
            let events = try await bed.publishing(200, #"{"milliseconds":5}"#) {
                for (number, way) in [(2, WritingWay.renaming), (3, .inPlace), (4, .renaming)] {
                    try write("\(value(number))\n".utf8, to: secret, way)
                    try await has(number)
                }
                // One that is gone or empty is no secret: what runs goes on with the last one.
                let before = host.processes(of: "work")
                try #require(unlink(secret) == 0)
                try await host.wait(for: "the reason") { log in
                    log.contains { $0["level"] == "error" && $0.message.contains("TOKEN") }
                }
                #expect(host.processes(of: "work") == before)
                try write("\(value(5))\n".utf8, to: secret, .renaming)
                try await has(5)
            }
            let deeds = try await bed.journal.wait(for: "every event") { $0.events("ended") == events.confirmed }
            #expect(deeds.count("begun") == events.confirmed.count, "some ran twice")
            #expect(host.processes(of: "record") == untouched)
            #expect(try await host.stop() == 0)
            #expect(host.warren.errors.contains("s3cret") == false)
            #expect(host.warren.output.contains("s3cret") == false)
        }
    }
}
