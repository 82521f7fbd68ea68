import LocalBroker
import Messaging
import SeededGeneration
import Testing
import Waiting

/// One run: events and faults that a seed chooses, and the account at its end.
struct ChaosRun {
    private static let function = "account"
    /// Published before each fault, and enough to be worked at when it happens; another part of it comes meanwhile.
    private static let batch = 120
    private static let lateBatch = 30
    private static let faults = 3

    private let bed: TestBed
    private let seed: UInt64
    private var random: SeededGenerator
    private var host: HostProcess {
        didSet { if self.host.warren !== oldValue.warren { self.earlier.append(oldValue) } }
    }
    private var earlier: [HostProcess] = []
    private var account = ChaosAccount()
    private var batches = 0

    private init(_ bed: TestBed, seed: UInt64) async throws {
        self.bed = bed
        self.seed = seed
        self.random = SeededGenerator(seed: seed)
        let settings = """
            concurrency: 8
            workers: 2
            retry:
              maxAttempts: 5
              backoff: { initial: 100ms, multiplier: 2, jitter: 0 }
            """
        try bed.deploy(Self.function, settings)
        self.host = try await bed.startHost()
    }

    static func run(seed: UInt64, on bed: TestBed) async throws {
        var run = try await ChaosRun(bed, seed: seed)
        try await run.warmUp()
        let faults = ChaosFault.some(Self.faults, using: &run.random)
        for fault in faults { try await run.suffer(fault) }
        try await run.settle(faults)
    }

    /// Has the broker make the delay queues that the events will need, and write down which queues it has. It does so
    /// some time after they were made; one that a power failure makes it forget never gets a leader again.
    private mutating func warmUp() async throws {
        var event = ChaosEvent.batch(0, count: 1, using: &self.random)[0]
        event.failures = 2
        event.expiration = nil
        try await self.publish([event])
        let (bed, account) = (self.bed, self.account)
        try await bed.journal.wait(for: "the first event") { account.missing($0.accounts, dead: []).isEmpty }
        try await bed.node.control(["eval", "[dets:sync(Table) || Table <- dets:all()]."])
    }

    private mutating func publish(_ events: [ChaosEvent]) async throws {
        let results = await self.bed.broker.publish(events.map { $0.message(for: self.bed) })
        for (event, result) in zip(events, results) { self.account.add(event, isConfirmed: result == .confirmed) }
        try #require(results.contains(.confirmed), "the broker confirmed nothing: \(results.prefix(1))")
    }

    private mutating func events(_ count: Int) -> [ChaosEvent] {
        self.batches += 1
        return ChaosEvent.batch(self.batches, count: count, using: &self.random)
    }

    private mutating func suffer(_ fault: ChaosFault) async throws {
        try await self.publish(self.events(Self.batch))
        let late = self.events(Self.lateBatch)
        let queue = [self.bed.queue(Self.function), "\(self.bed.namespace).delay.00"].randomElement(using: &self.random)
        let duration = Duration.milliseconds(Int.random(in: 1000...3000, using: &self.random))
        async let after = Self.carryOut(
            fault,
            on: self.bed,
            host: self.host,
            queue: queue ?? "",
            suspension: duration
        )
        if fault.sparesPublishers { try await self.publish(late) }
        self.host = try await after
        if !fault.sparesPublishers { try await self.publish(late) }
    }

    /// - Returns: the host that runs afterwards.
    private static func carryOut(
        _ fault: ChaosFault,
        on bed: TestBed,
        host: HostProcess,
        queue: String,
        suspension: Duration
    ) async throws -> HostProcess {
        switch fault {
        case .killHost:
            host.warren.end()
            return try await bed.startHost()
        case .drainHost:
            try await Self.expectEnd(of: host)
            return try await bed.startHost()
        case .killBroker:
            await bed.node.kill()
            try await bed.node.restart()
        case .cutConnections:
            // After another fault there may be none for a while, or one that is about to end while it is asked.
            try await wait(for: "a connection to cut") {
                (try? await bed.surgery(Self.function).cutConnections()) ?? 0 > 0
            }
        case .closeAllConnections:
            try await bed.node.control(["close_all_connections", "cut by a test"])
        case .suspendQueue:
            // After a start of the broker the queue's process may be missing for a while.
            let surgery = QueueSurgery(queue, of: bed.node)
            try await wait(for: "\(queue) suspended") { (try? await surgery.suspend()) != nil }
            try await Task.sleep(for: suspension)
            try await surgery.resume()
        }
        return host
    }

    private static func expectEnd(of host: HostProcess) async throws {
        let exitCode = try await host.stop()
        #expect(exitCode == 0, "\(host.log.suffix(10).map(\.fields))")
    }

    /// What the hosts said, but for what they said of single events.
    private var said: String {
        (self.earlier + [self.host]).flatMap { host in
            host.log.filter { $0["event"] == nil }.map { "\(host.warren.process): \($0.fields)" }
        }.joined(separator: "\n")
    }

    /// Waits until everything is accounted for, ends the host, and looks at what it did.
    private func settle(_ faults: [ChaosFault]) async throws {
        let dead = try await self.bed.reader(self.bed.deadLetters(Self.function))
        var missing: [String] = []
        try await wait(
            for: "account of all events of seed \(self.seed) after \(faults)",
            found: { "\(missing.count) are lost: \(missing.sorted().prefix(20))\n\(self.said)" },
            until: {
                missing = self.account.missing(self.bed.journal.deeds.accounts, dead: dead.taken)
                return missing.isEmpty
            }
        )
        try await self.bed.waitUntilTaken(Self.function)
        try await Self.expectEnd(of: self.host)
        let deeds = self.bed.journal.deeds.accounts
        let overlaps = self.account.overlaps(deeds)
        #expect(overlaps.isEmpty, "seed \(self.seed) after \(faults): ran beside itself: \(overlaps)\n\(self.said)")
        let strange = self.account.strange(dead.taken)
        #expect(strange.isEmpty, "seed \(self.seed) after \(faults): dead: \(strange)")
        #expect(try await self.bed.drainQueue(self.bed.parked).isEmpty)
        print(
            """
            seed \(self.seed) after \(faults): \(self.account.confirmed) messages confirmed, \
            \(deeds.count { $0.kind == .begun }) runs begun, \(deeds.count { $0.kind == .ended }) ended, \
            \(dead.taken.count) expired
            """
        )
    }
}

extension [Journal.Deed] {
    fileprivate var accounts: [AccountDeed] { self.compactMap(AccountDeed.init) }
}
