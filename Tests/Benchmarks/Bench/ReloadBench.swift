import Foundation
import Glibc
import Messaging
import PatientPolling

/// Measures reloads: a manifest changes every 100 ms under 5,000 events a second, compared with the same time without
/// changes. Counts the events that are handled, lost, and handled twice.
struct ReloadBench {
    private static let name = "note-reading"
    private static let queue = "warren.note-reading"
    private static let key = "reading.noted"
    private static let rate = 5_000
    private static let tick = Duration.milliseconds(10)
    private static let reloadInterval = Duration.milliseconds(100)
    private let surroundings: BenchContext

    init(_ surroundings: BenchContext) { self.surroundings = surroundings }

    private struct Account {
        /// Events handled by the time the last event was published.
        var inTime = 0
        var confirmed = 0
        var lost = 0
        var repeated = 0
        var reloads = 0
        var workers = 0
    }

    func measure(into table: inout BudgetTable) async throws {
        let steady = try await self.run(reloading: false)
        let reloading = try await self.run(reloading: true)
        for account in [steady, reloading] where account.lost > 0 {
            throw BenchError("\(account.lost) events of \(account.confirmed) were lost")
        }
        table.add("reloads within the time", "\(reloading.reloads)")
        table.add("workers that took over meanwhile", "\(reloading.workers)")
        table.add("events handled, ratio with reloads", Self.ratio(reloading, steady), "", atLeast: 0.9)
        table.add("events lost over the reloads", Double(reloading.lost), "", atMost: 0)
        table.add("events handled twice over the reloads", Double(reloading.repeated), "", atMost: 0)
    }

    private static func ratio(_ one: Account, _ other: Account) -> Double {
        Double(one.inTime) / Double(one.confirmed) / (Double(other.inTime) / Double(other.confirmed))
    }

    private func run(reloading: Bool) async throws -> Account {
        let output = "\(self.surroundings.directory.path)/noted-\(reloading)"
        let manifests = try self.manifests(version: 0, output: output)
        let host = try HostUnderTest(self.surroundings, manifests: manifests)
        try await host.waitUntilConsuming([Self.queue], self.surroundings)
        let seconds = self.surroundings.options.reloadSeconds
        let reloader = Task {
            var version = 0
            while reloading, !Task.isCancelled {
                version += 1
                _ = try self.manifests(version: version, output: output)
                kill(host.process.processIdentifier, SIGHUP)
                try? await Task.sleep(for: Self.reloadInterval)
            }
            return version
        }
        var account = Account()
        account.confirmed = try await self.publish(for: .seconds(seconds))
        account.inTime = Self.records(output).count
        reloader.cancel()
        account.reloads = try await reloader.value
        let confirmed = account.confirmed
        _ = try? await poll(for: "the rest", every: .milliseconds(20), within: .seconds(30)) {
            Set(Self.records(output).map(\.sequence)).count >= confirmed ? true : nil
        }
        try host.stop()
        let records = Self.records(output)
        let sequences = Set(records.map(\.sequence))
        account.lost = confirmed - sequences.count
        account.repeated = records.count - sequences.count
        account.workers = Set(records.map(\.process)).count
        return account
    }

    /// Replaces the manifest as deployment tools do: writes a new file beside it, and renames it over the old one.
    private func manifests(version: Int, output: String) throws -> String {
        try self.surroundings.directory.manifests(
            [Self.name],
            handler: Self.name,
            key: Self.key,
            environment: ["BENCH_OUTPUT": output, "VERSION": "\(version)"]
        )
    }

    /// - Returns: the number of confirmed events. An event that is not confirmed is published again.
    private func publish(for time: Duration) async throws -> Int {
        let perTick = Self.rate / Int(Duration.seconds(1) / Self.tick)
        let total = Self.rate * Int(time / .seconds(1))
        var next = 0
        var due = ContinuousClock.now
        while next < total {
            let messages = (next..<next + perTick).map(Self.message)
            let results = await self.surroundings.broker.publish(messages)
            guard results.allSatisfy({ $0 == .confirmed }) else { throw BenchError("an event was not confirmed") }
            next += perTick
            due += Self.tick
            try await Task.sleep(until: due, clock: .continuous)
        }
        return next
    }

    private static func message(_ sequence: Int) -> OutgoingMessage {
        var properties = BasicProperties()
        properties.messageID = "n-\(sequence)"
        return OutgoingMessage(
            exchange: "bench",
            routingKey: self.key,
            properties: properties,
            headers: FieldTable(),
            body: Array(WorkDirectory.reading(sequence).utf8)[...]
        )
    }

    private struct Record {
        let sequence: UInt32
        let process: UInt32
    }

    private static func records(_ path: String) -> [Record] {
        let data = [UInt8]((try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data())
        func number(_ offset: Int) -> UInt32 {
            (0..<4).reduce(0) { $0 | UInt32(data[offset + $1]) << UInt32($1 * 8) }
        }
        return stride(from: 0, to: data.count / 8 * 8, by: 8).map {
            Record(sequence: number($0), process: number($0 + 4))
        }
    }
}
