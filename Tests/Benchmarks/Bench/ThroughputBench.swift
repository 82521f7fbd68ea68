import Foundation

/// How fast events go in and through, beside programs that use librabbitmq and nothing else.
struct ThroughputBench {
    private static let queue = "warren.count-reading"
    private static let key = "reading.taken"
    private let surroundings: Surroundings

    init(_ surroundings: Surroundings) { self.surroundings = surroundings }

    private struct Round {
        var barePublish = 0.0
        var publish = 0.0
        var bareConsume = 0.0
        var bareConsumeCPU = 0.0
        var process = Processed()
    }

    struct Processed {
        var rate = 0.0
        var hostCPU = 0.0
        var workerCPU = 0.0
        var brokerCPU = 0.0
        var hostResident = 0.0
        var workerResident = 0.0
    }

    func measure(rounds: Int, into table: inout BudgetTable) async throws {
        let directory = self.surroundings.directory
        let manifests = try directory.manifests(["count-reading"], handler: "count-reading", key: Self.key)
        let input = try directory.readings(self.surroundings.options.events)
        let body = "\(directory.path)/body.json"
        try WorkDirectory.reading(1).write(toFile: body, atomically: true, encoding: .utf8)
        let first = try HostUnderTest(self.surroundings, manifests: manifests)
        try await first.waitUntilConsuming([Self.queue], self.surroundings)
        try first.stop()
        var all: [Round] = []
        for number in 1...rounds {
            let round = try await self.round(manifests: manifests, input: input, body: body)
            print(
                "  round \(number): bare publish \(Int(round.barePublish))/s, warren publish \(Int(round.publish))/s, "
                    + "bare consume \(Int(round.bareConsume))/s, warren \(Int(round.process.rate))/s"
            )
            all.append(round)
        }
        self.report(all, into: &table)
    }

    private func round(manifests: String, input: String, body: String) async throws -> Round {
        let count = self.surroundings.options.events
        let url = self.surroundings.url
        let programs = self.surroundings.programs
        var round = Round()
        round.barePublish = try programs.report(
            "bare-publisher",
            [url, "bench", Self.key, "\(count)", "2000", body]
        ).rate
        let consumed = try programs.report("bare-consumer", [url, Self.queue, "\(count)", "192", "64"])
        round.bareConsume = consumed.rate
        round.bareConsumeCPU = (consumed.cpuUserMicroseconds + consumed.cpuSystemMicroseconds) / Double(count)
        let start = ContinuousClock.now
        _ = try programs.run(
            "warren",
            ["publish", Self.key, "--exchange", "bench", "--broker", url, "--ndjson", "--file", input]
        )
        round.publish = Double(count) / (start.duration(to: .now) / .seconds(1))
        round.process = try await self.process(count, manifests: manifests)
        return round
    }

    /// Runs the host over a full queue. The figures are of the time in which the queue goes from 95 to 5 per cent.
    private func process(_ count: Int, manifests: String) async throws -> Processed {
        let host = try HostUnderTest(self.surroundings, manifests: manifests)
        let begin = try await self.sample(host, when: count * 95 / 100)
        let end = try await self.sample(host, when: count * 5 / 100)
        _ = try await self.sample(host, when: 0)
        try host.stop()
        let events = Double(begin.ready - end.ready)
        let seconds = begin.time.duration(to: end.time) / .seconds(1)
        return Processed(
            rate: events / seconds,
            hostCPU: (end.host - begin.host) / events,
            workerCPU: (end.worker - begin.worker) / events,
            brokerCPU: (end.broker - begin.broker) / events,
            hostResident: end.hostResident,
            workerResident: end.workerResident
        )
    }

    private struct Sample {
        let time: ContinuousClock.Instant
        let ready: Int
        let host: Double
        let worker: Double
        let broker: Double
        let hostResident: Double
        let workerResident: Double
    }

    private func sample(_ host: HostUnderTest, when ready: Int) async throws -> Sample {
        let surroundings = self.surroundings
        return try await poll(every: .milliseconds(10), within: .seconds(300), for: "the queue to empty") {
            guard let inspection = try await surroundings.inspect(Self.queue),
                inspection.ready <= ready, inspection.consumers > 0, let worker = host.workers.first
            else { return nil }
            return Sample(
                time: .now,
                ready: inspection.ready,
                host: host.usage.cpuMicroseconds,
                worker: worker.cpuMicroseconds,
                broker: surroundings.brokerUsage.cpuMicroseconds,
                hostResident: host.usage.residentKiB,
                workerResident: worker.residentKiB
            )
        }
    }

    private func report(_ rounds: [Round], into table: inout BudgetTable) {
        func median(_ value: (Round) -> Double) -> Double { rounds.map(value).median }
        table.add("bare librabbitmq publisher, events/s", BudgetTable.format(median(\.barePublish)))
        table.add("warren publish --ndjson, events/s", BudgetTable.format(median(\.publish)))
        table.add("publish, ratio to bare", median { $0.publish / $0.barePublish }, "", atLeast: 0.8)
        table.add("bare librabbitmq consumer, events/s", BudgetTable.format(median(\.bareConsume)))
        table.add("bare consumer CPU, µs/event", BudgetTable.format(median(\.bareConsumeCPU)))
        table.add("warren run, typed JSON function, events/s", BudgetTable.format(median(\.process.rate)))
        table.add("throughput, ratio to bare", median { $0.process.rate / $0.bareConsume }, "", atLeast: 0.6)
        table.add("host CPU", median(\.process.hostCPU), " µs/event", atMost: 4)
        table.add("worker CPU", median(\.process.workerCPU), " µs/event", atMost: 10)
        table.add("broker CPU meanwhile, µs/event", BudgetTable.format(median(\.process.brokerCPU)))
        table.add("host resident under load, MB", BudgetTable.format(median(\.process.hostResident) / 1024))
        table.add("worker resident under load, MB", BudgetTable.format(median(\.process.workerResident) / 1024))
    }
}
