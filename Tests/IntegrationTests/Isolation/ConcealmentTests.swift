import FoundationEssentials
import Glibc
import KernelFiles
import Testing
import Waiting

/// What a process of the same user, such as another function, can find out about a host and its workers. Only root may
/// do all this, so these tests run their hosts as a user without rights.
@Suite(
    .enabled(if: geteuid() == 0, "only root can start processes of other users"),
    .hangGuard
)
struct ConcealmentTests {
    private static let nobody: uid_t = 65_534
    private static let asNobody = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

    /// What a process of the user `nobody` reads in a file of `/proc`: nil if it may not.
    private static func read(_ file: String, of process: pid_t, in bed: TestBed) async throws -> String? {
        let command = Self.asNobody + ["/bin/cat", "/proc/\(process)/\(file)"]
        let reader = try bed.start(command: command, name: "reader")
        guard try await reader.exit() == 0 else {
            #expect(reader.errors.contains("Permission denied"), "\(reader.errors)")
            return nil
        }
        return reader.output
    }

    /// The journal belongs to root, and everybody writes it.
    private static func openJournal(of bed: TestBed) throws {
        let journal = open(bed.journal.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        try #require(journal >= 0 && fchmod(journal, 0o666) == 0)
        close(journal)
    }

    @Test func `neither host nor workers can be read by other processes of their user`() async throws {
        try await TestBed.use { bed in
            try Self.openJournal(of: bed)
            try bed.deploy("misbehave", "  TOKEN: { fromEnv: TOKEN }\ntimeout: 60s")
            let host = try await bed.startHost(wrapper: Self.asNobody, environment: ["TOKEN": "hush"])
            // That the reader can read at all.
            let sleeper = try bed.start(
                command: Self.asNobody + ["/bin/sleep", "600"],
                name: "sleeper",
                environment: ["TOKEN": "hush"]
            )
            try await wait(for: "the sleeper") { ProcessFacts(sleeper.process).isSleep }
            #expect(try await Self.read("environ", of: sleeper.process, in: bed)?.contains("hush") == true)
            let worker = try #require(host.facts.children.first)
            for process in [host.warren.process, worker.process] {
                #expect(ProcessFacts(process).owner == Self.nobody)
                #expect(ProcessFacts(process).environment["TOKEN"] == "hush", "root sees it")
                for file in ["environ", "maps", "mem", "auxv"] {
                    #expect(try await Self.read(file, of: process, in: bed) == nil, "\(file)")
                }
                #expect(try await Self.read("limits", of: process, in: bed)?.contains(/core file size +0 +0/) == true)
            }
            // A worker is still started from the build that is held, and in time.
            try await bed.publish(bed.event(#"{"harm":"crash"}"#, id: "bad"))
            try await host.says("a worker died; starting another")
            try await bed.publish(bed.event("{}", id: "good"))
            try await bed.journal.wait(for: "the good event") { $0.events("ended").contains("good") }
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a function's workers run as the user that its manifest names`() async throws {
        try await TestBed.use { bed in
            try Self.openJournal(of: bed)
            try bed.deploy("record", "  TOKEN: { fromEnv: TOKEN }\nuser: nobody\nlimits: { memory: 64MiB }")
            try bed.deploy("look-around", keys: ["other"])
            let host = try await bed.startHost(environment: ["TOKEN": "hush"])
            #expect(ProcessFacts(host.warren.process).owner == 0)
            let workers = host.facts.children
            let worker = try #require(workers.first { $0.owner == Self.nobody })
            #expect(workers.count == 2 && workers.contains { $0.owner == 0 })
            #expect(worker.status("Uid")?.split(separator: "\t") == ["65534", "65534", "65534", "65534"])
            #expect(worker.status("Gid")?.split(separator: "\t") == ["65534", "65534", "65534", "65534"])
            #expect(worker.status("Groups")?.split(separator: " ") == ["65534"])
            #expect(worker.status("CapEff") == "0000000000000000")
            #expect(worker.status("CapPrm") == "0000000000000000")
            #expect(try await Self.read("environ", of: worker.process, in: bed) == nil)
            try await bed.publish(bed.event("{}", id: "good"))
            try await bed.journal.wait(for: "the event") { !$0.events("recorded").isEmpty }
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `a user that the host cannot become is told, and costs no event`() async throws {
        try await TestBed.use { bed in
            try Self.openJournal(of: bed)
            try bed.deploy("record", "user: nobody-has-this-name")
            let root = try await bed.startHost(waitingFor: "unhealthy")
            let reasons = root.log.filter { $0.message == "unhealthy" }.compactMap { $0["reason"] }
            #expect(reasons.contains { $0.contains("there is no user 'nobody-has-this-name' on this machine") })
            #expect(try await root.stop() == 0)
            try bed.deploy("record", "user: root")
            let other = try await bed.startHost(wrapper: Self.asNobody, waitingFor: "unhealthy")
            let more = other.log.filter { $0.message == "unhealthy" }.compactMap { $0["reason"] }
            #expect(more.contains { $0.contains("only a host that runs as root can start them as another user") })
            // Its own name needs no rights.
            try bed.deploy("record", "user: nobody")
            try await other.says("all functions are running")
            try await bed.publish(bed.event("{}", id: "good"))
            try await bed.journal.wait(for: "the event") { !$0.events("recorded").isEmpty }
            #expect(try await other.stop() == 0)
        }
    }
}

extension ProcessFacts {
    /// A line of `/proc/PID/status`.
    fileprivate func status(_ name: String) -> String? {
        let text = KernelFile.text("/proc/\(self.process)/status")
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):\t") }
        return line.map { String($0.dropFirst(name.count + 2)).trimmingSpaces }
    }

    /// The user whose rights it has.
    fileprivate var owner: uid_t? { self.status("Uid")?.split(separator: "\t").first.flatMap { uid_t($0) } }

    /// Whether it has become `sleep`.
    fileprivate var isSleep: Bool { self.status("Name") == "sleep" }
}

extension String {
    fileprivate var trimmingSpaces: String {
        String(self.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
