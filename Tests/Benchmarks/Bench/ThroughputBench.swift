import Foundation

/// Measures how fast events are published and handled, compared with programs that use only librabbitmq.
struct ThroughputBench {
    private static let queue = "warren.count-reading"
    private static let key = "reading.taken"
    private let surroundings: BenchContext

    init(_ surroundings: BenchContext) { self.surroundings = surroundings }

    private struct Round {
        var barePublish = 0.0
        var publish = 0.0
        var bareConsume = 0.0
        var bareConsumeCPU = 0.0
        var process = Drain.Figures()
    }

    func measure(rounds: Int, into table: inout BudgetTable) async throws {
        let directory = self.surroundings.directory
        let drain = Drain(
            surroundings: self.surroundings,
            manifests: try directory.manifests(["count-reading"], handler: "count-reading", key: Self.key),
            queues: [Self.queue]
        )
        let input = try directory.readings(self.surroundings.options.events)
        try await drain.declareQueues()
        var all: [Round] = []
        for number in 1...rounds {
            let round = try await self.round(drain, input: input)
            print(
                "  round \(number): bare publish \(Int(round.barePublish))/s, warren publish \(Int(round.publish))/s, "
                    + "bare consume \(Int(round.bareConsume))/s, warren \(Int(round.process.rate))/s"
            )
            all.append(round)
        }
        self.report(all, into: &table)
    }

    private func round(_ drain: Drain, input: String) async throws -> Round {
        let count = self.surroundings.options.events
        let url = self.surroundings.url
        let programs = self.surroundings.programs
        var round = Round()
        round.barePublish = try self.surroundings.fill(Self.key, count).rate
        let consumed = try programs.report("bare-consumer", [url, Self.queue, "\(count)", "192", "64"])
        round.bareConsume = consumed.rate
        round.bareConsumeCPU = consumed.cpuPerEvent
        let start = ContinuousClock.now
        _ = try programs.run(
            "warren",
            ["publish", Self.key, "--exchange", "bench", "--broker", url, "--ndjson", "--file", input]
        )
        round.publish = Double(count) / (start.duration(to: .now) / .seconds(1))
        round.process = try await drain.run(count) { $0.workers.first }
        return round
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
        table.add("worker CPU", median(\.process.handlerCPU), " µs/event", atMost: 10)
        table.add("broker CPU meanwhile, µs/event", BudgetTable.format(median(\.process.brokerCPU)))
        table.add("host resident under load, MB", BudgetTable.format(median(\.process.hostResident) / 1024))
        table.add("worker resident under load, MB", BudgetTable.format(median(\.process.handlerResident) / 1024))
    }
}
