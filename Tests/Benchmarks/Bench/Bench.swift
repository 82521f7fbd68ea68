import AMQP
import Foundation
import LocalBroker
import Logging
import Messaging

/// `make bench`: measures bare librabbitmq or libcurl and Warren in turn, against one private broker, and prints a
/// table with the ratios that Warren promises. Figures are medians of three rounds. An absolute time says more about
/// the machine than about Warren.
@main
struct Bench {
    static let rounds = 3

    static func main() async throws {
        let options = BenchOptions(arguments: CommandLine.arguments)
        let programs = Programs()
        let directory = try WorkDirectory()
        defer { directory.remove() }
        print("starting a private RabbitMQ node")
        let node = try await LocalBroker.start()
        let broker = try AMQPBroker(
            address: try AMQPAddress(node.url),
            name: "bench",
            logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        )
        let surroundings = BenchContext(
            programs: programs,
            directory: directory,
            node: node,
            broker: broker,
            options: options
        )
        do {
            try await self.measure(surroundings)
        } catch {
            print("error: \(error)")
            await broker.close()
            await node.stop()
            exit(1)
        }
        await broker.close()
        await node.stop()
    }

    private static func measure(_ surroundings: BenchContext) async throws {
        var table = BudgetTable()
        switch surroundings.options.part {
        case .everything: try await self.measureEverything(surroundings, into: &table)
        case .throughput: try await self.measureThroughput(surroundings, into: &table)
        case .neighbours: try await self.measureNeighbours(surroundings, into: &table)
        case .webhooks: try await self.measureWebhooks(surroundings, into: &table)
        case .manyFunctions: try await self.measureManyFunctions(surroundings, into: &table)
        }
        print("")
        print(table.text)
    }

    private static func measureEverything(_ surroundings: BenchContext, into table: inout BudgetTable) async throws {
        // Needed only at the end, but it is better to notice now that nginx is missing.
        _ = try Nginx.find()
        try await self.measureThroughput(surroundings, into: &table)
        print("latency at 2,000 events/s, \(self.rounds) rounds")
        try await LatencyBench(surroundings).measure(rounds: self.rounds, into: &table)
        print("start and footprint")
        try await StartBench(surroundings).measure(into: &table)
        try await FootprintBench(surroundings).measure(into: &table)
        try await self.measureManyFunctions(surroundings, into: &table)
        print("backlog of \(surroundings.options.backlog) events")
        try await BacklogBench(surroundings).measure(into: &table)
        try await self.measureNeighbours(surroundings, into: &table)
        print("reloads, twice \(surroundings.options.reloadSeconds) s")
        try await ReloadBench(surroundings).measure(into: &table)
        try await self.measureWebhooks(surroundings, into: &table)
    }

    private static func measureThroughput(_ surroundings: BenchContext, into table: inout BudgetTable) async throws {
        print("throughput: \(surroundings.options.events) events, \(self.rounds) rounds")
        try await ThroughputBench(surroundings).measure(rounds: self.rounds, into: &table)
    }

    private static func measureNeighbours(_ surroundings: BenchContext, into table: inout BudgetTable) async throws {
        print("a neighbour that misbehaves")
        try await NeighbourBench(surroundings).measure(into: &table)
    }

    private static func measureManyFunctions(
        _ surroundings: BenchContext,
        into table: inout BudgetTable
    ) async throws {
        print("an event among many functions, \(self.rounds) rounds")
        try await ManyFunctionsBench(surroundings).measure(rounds: self.rounds, into: &table)
    }

    private static func measureWebhooks(_ surroundings: BenchContext, into table: inout BudgetTable) async throws {
        print("webhooks, \(surroundings.options.events) events, \(self.rounds) rounds")
        try await WebhookBench(surroundings).measure(rounds: self.rounds, into: &table)
    }
}

/// The options. `--quick` measures a tenth of everything, which shows that the benchmark works but gives no figures to
/// quote. Four options select one part: `--throughput` (publishing and handling events), `--neighbours` (functions
/// beside ones that misbehave), `--webhooks` (delivery over HTTP) and `--functions` (the cost of many functions).
struct BenchOptions {
    enum Part {
        case everything
        case throughput
        case neighbours
        case webhooks
        case manyFunctions
    }

    let events: Int
    let latencyEvents: Int
    let backlog: Int
    let neighbourSeconds: Int
    let reloadSeconds: Int
    let part: Part

    init(arguments: [String]) {
        let isQuick = arguments.contains("--quick")
        let parts = [
            "--throughput": Part.throughput, "--neighbours": .neighbours, "--webhooks": .webhooks,
            "--functions": .manyFunctions,
        ]
        self.part = arguments.lazy.compactMap { parts[$0] }.first ?? .everything
        self.events = isQuick ? 20_000 : 200_000
        self.latencyEvents = isQuick ? 1_000 : 10_000
        self.backlog = isQuick ? 100_000 : 1_000_000
        self.neighbourSeconds = isQuick ? 2 : 8
        self.reloadSeconds = isQuick ? 6 : 60
    }
}

/// The programs, files, node and options that every measurement uses.
struct BenchContext: Sendable {
    let programs: Programs
    let directory: WorkDirectory
    let node: LocalBroker
    let broker: AMQPBroker
    let options: BenchOptions

    var url: String { self.node.url }
    var brokerUsage: ProcessUsage { ProcessUsage(pid: self.node.pid ?? 0) }

    struct QueueState: Sendable {
        let ready: Int
        let consumers: Int
    }

    /// `nil` if the queue does not exist.
    func inspect(_ queue: String) async throws -> QueueState? {
        try await self.broker.inspect(queue: queue).map {
            QueueState(ready: $0.readyMessages, consumers: $0.consumers)
        }
    }

    /// Publishes as fast as the broker confirms, and waits for the last confirm. Blocks.
    @discardableResult
    func fill(_ key: String, _ count: Int) throws -> BareReport {
        try self.programs.report(
            "bare-publisher",
            [self.url, "bench", key, "\(count)", "2000", self.directory.body]
        )
    }
}
