import AMQP
import ArgumentParser
import EventLoops
import FoundationEssentials
import Logging
import Manifests
import Messaging
import Processing
import Topology

/// `warren publish`: sends events and waits until the broker has confirmed them.
struct PublishCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "publish",
        abstract: "Publishes an event, or many, and waits for the broker's confirmation.",
        discussion: """
            The payload comes from --data, from --file, or from standard input. The event's id is printed. Exit code 3: \
            no queue is bound for the key, and nothing was stored.

            With --content-type application/cloudevents+json the payload is a whole CloudEvent. Its attributes count, \
            and --id, --type, --source, --subject and --correlation-id change them.
            """
    )

    @Argument(help: "The routing key, such as order.placed.")
    var key: String

    @OptionGroup var brokerOptions: BrokerOptions

    @Option(help: "The payload.")
    var data: String?
    @Option(help: ArgumentHelp("A file with the payload, or with many for --ndjson.", valueName: "path"))
    var file: String?
    @Flag(help: "Publish each line of the input as an event of its own.")
    var ndjson = false
    @Flag(help: "With --ndjson: print the id of each event.")
    var ids = false

    @Option(help: "The event's type. (default: the key)")
    var type: String?
    @Option(help: "The event's id. (default: a new UUID)")
    var id: String?
    @Option(help: "The publisher's name. (default: \(PublishTemplate.source))")
    var source: String?
    @Option(help: "What the event is about.")
    var subject: String?
    @Option(help: "The id that all events of one chain share. (default: the event's id)")
    var correlationID: String?
    @Option(name: .customLong("header"), help: ArgumentHelp("A header; may be repeated.", valueName: "k=v"))
    var headers: [String] = []
    @Option(help: "The payload's media type.")
    var contentType = "application/json"
    @Option(help: "The exchange.")
    var exchange = "events"
    @Option(help: ArgumentHelp("Publish later: 250ms, 10s, 5m, 2h or 3d, at most 310 days.", valueName: "duration"))
    var delay: String?
    @Option(
        help: ArgumentHelp(
            "How long the event may wait to be handled, at most 49 days; then it is dead-lettered instead of run. With "
                + "--delay it counts from the end of the delay.",
            valueName: "duration"
        )
    )
    var expires: String?
    @Option(help: ArgumentHelp("How long to wait for an answer of the broker before giving up.", valueName: "duration"))
    var timeout = "10s"
    @Flag(help: "Print JSON instead of text for people.")
    var json = false

    func validate() throws {
        if self.data != nil, self.file != nil { throw ValidationError("give --data or --file, not both") }
        if self.ndjson, self.data != nil { throw ValidationError("--ndjson reads --file or standard input") }
        if self.ndjson, self.id != nil { throw ValidationError("--id names one event, and --ndjson publishes many") }
        if self.ids, self.json { throw ValidationError("--ids prints text and --json prints JSON; give one of them") }
        if self.ids, !self.ndjson { throw ValidationError("--ids requires --ndjson") }
        try PublishTemplate.check(self)
    }

    func run() async throws {
        let template = try PublishTemplate(self)
        let broker = try AMQPBroker(
            addresses: try self.brokerOptions.addresses(),
            name: "warren publish",
            giveUpAfter: try PublishTemplate.duration(self.timeout, "--timeout"),
            logger: Logger(label: "publish") { _ in
                ConsoleLogHandler(level: self.ndjson ? .warning : .error, json: self.json) { Terminal.write($0, to: 2) }
            }
        )
        let report: PublishReport
        let inputProblem: (any Error)?
        do {
            if let delay = template.delay { try await self.prepare(delay, template, on: broker) }
            (report, inputProblem) = try await self.publish(template, on: broker)
        } catch {
            await broker.close(within: .zero)
            throw error
        }
        await broker.close()
        try self.finish(report)
        guard let inputProblem else { return }
        // A wrong line is a usage error only if nothing was published.
        guard report.published > 0 else { throw inputProblem }
        Terminal.error("error: \(inputProblem)")
        throw CommandExit.failed
    }

    /// Declares the queues that a delayed event passes through. The host declares them, too, but may never have run.
    private func prepare(_ delay: Duration, _ template: PublishTemplate, on broker: AMQPBroker) async throws {
        let level = template.copies.scheduled(template.prototype, after: delay, now: 0).level
        do throws(BrokerError) {
            let names = template.copies.names
            try await broker.declare(
                TopologyPlanner.shared(names) + TopologyPlanner.delayLevels(upTo: level, names)
            )
        } catch {
            Terminal.error("error: \(error)")
            throw CommandExit.code(for: error)
        }
    }

    private func publish(
        _ template: PublishTemplate,
        on broker: AMQPBroker
    ) async throws -> (report: PublishReport, inputProblem: (any Error)?) {
        if self.ndjson {
            let input = try LineReader(path: self.file, longestLine: InputFile.largestPayload)
            let bulk = BulkPublisher(broker: broker, template: template, printsIDs: self.ids)
            return await bulk.publish(input)
        }
        let payload = try self.data.map { Array($0.utf8) } ?? InputFile.payload(self.file)
        if payload.isEmpty, self.data == nil, self.file == nil {
            throw ValidationError("standard input is empty: give --data '' for an event without a payload")
        }
        var ids = EventIDs()
        let event = try template.event(payload: payload[...]) { ids.next(milliseconds: WallClock.system.milliseconds) }
        let results = await broker.publish([event.message])
        var report = PublishReport()
        report.add(results, ids: [event.id])
        return (report, nil)
    }

    private func finish(_ report: PublishReport) throws {
        if self.json {
            Terminal.print(json: report)
        } else if self.ndjson {
            Terminal.error("\(report.published) published")
        } else if let id = report.lastID, report.published == 1 {
            Terminal.print(id)
        }
        guard let problem = report.problem(exchange: self.exchange, key: self.key) else { return }
        Terminal.error("error: \(problem.words)")
        throw problem.exit
    }
}
