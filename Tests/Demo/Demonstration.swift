import AMQP
import LocalBroker
import Logging
import Messaging

/// The demonstration from start to end. Whatever happens on the way, what was started is stopped.
struct Demonstration {
    private static let exchange = "events"
    private static let auditQueue = "demo.audit"
    /// From the first order until everything has come to rest; the longest story takes about two seconds.
    private static let restLimit = Duration.seconds(30)
    private static let startLimit = Duration.seconds(20)

    let screen: Screen

    /// - Returns: what is wrong with the account; nothing when all is well.
    func run() async throws -> [String] {
        self.screen.heading("A private RabbitMQ node")
        let node = try await LocalBroker.start()
        self.screen.say("  listens on \(node.url)")
        let result = await outcome { try await self.play(on: node) }
        await node.stop()
        return try result.get()
    }

    private func play(on node: LocalBroker) async throws -> [String] {
        let address = try AMQPAddress(node.url)
        let broker = try AMQPBroker(address: address, name: "demo", logger: quietLogger)
        let result = await outcome {
            // Before anything is published, so that nothing passes unseen.
            try await broker.declare([
                .exchange(ExchangeDeclaration(name: Self.exchange, kind: .topic)),
                .queue(
                    QueueDeclaration(
                        name: Self.auditQueue,
                        arguments: [DeclarationArgument("x-queue-type", .text("quorum"))]
                    )
                ),
                .binding(
                    BindingDeclaration(source: Self.exchange, routingKey: "#", destination: .queue(Self.auditQueue))
                ),
            ])
            let watch = Watch()
            let tap = try BrokerTap(address: address) { watch.report($0) }
            tap.followEvents(in: Self.auditQueue)
            let result = await outcome { try await self.play(on: node, broker, tap, watch) }
            await tap.close()
            return try result.get()
        }
        await broker.close()
        return try result.get()
    }

    private func play(
        on node: LocalBroker,
        _ broker: AMQPBroker,
        _ tap: BrokerTap,
        _ watch: Watch
    ) async throws -> [String] {
        self.screen.heading("The partner: warren webhook listen")
        // The second delivery fails.
        let partner = try await Partner(port: 0, answers: [204, 500, 204]) { watch.report($0) }
        self.screen.say("  listens on http://127.0.0.1:\(partner.port)/")
        let manifests = try ExampleManifests(partnerPort: partner.port)
        defer { manifests.remove() }
        let stage = Stage(node: node, partner: partner, watch: watch)
        let result = await outcome { try await self.play(on: stage, broker, tap, manifests.directory) }
        await stage.partner.stop()
        return try result.get()
    }

    private func play(
        on stage: Stage,
        _ broker: AMQPBroker,
        _ tap: BrokerTap,
        _ manifests: String
    ) async throws -> [String] {
        let watch = stage.watch
        self.screen.heading("The host: warren run")
        let host = try HostProcess(broker: stage.node.url, manifests: manifests) { watch.report($0) }
        var show = Show(screen: self.screen)
        let result = await outcome {
            try await show.follow(watch, for: "all functions to run", within: Self.startLimit) {
                !$0.functions.isEmpty && $0.allAreRunning
            }
            tap.followDeadLetters(of: show.account.functions + show.account.webhooks)
            show.beginClock()
            let orders = Orders.lines
            self.screen.heading("\(orders.count) orders: warren publish order.placed --ndjson")
            try await self.publish(orders, on: stage, &show) { $0.isAtRest }

            self.screen.heading("The partner is gone: 410")
            try await stage.replacePartner(answers: [410])
            try await self.publish([Orders.late], on: stage, &show) { $0.isPausedAtRest }

            self.screen.heading("The partner is back: SIGHUP to the host")
            try await stage.replacePartner(answers: [204])
            host.reload()
            try await show.follow(watch, for: "the partner to get what has waited", within: Self.restLimit) {
                $0.isAtRest
            }
            self.screen.say("  the delivery that waited is taken")
        }
        self.screen.heading("SIGTERM to the host")
        let code = await host.stop()
        self.screen.say(code == 0 ? "  drained, exit code 0" : "  exit code \(code)")
        try result.get()

        await tap.close()
        let leftOver = try await LeftOver.count(on: stage.node, broker)
        let summary = Summary(account: show.account, hostExitCode: code, leftOver: leftOver)
        self.screen.heading("The account")
        for line in summary.lines(self.screen) { self.screen.say(line.isEmpty ? "" : "  \(line)") }
        return summary.problems
    }

    /// Places orders, and follows them until the condition holds.
    private func publish(
        _ orders: [String],
        on stage: Stage,
        _ show: inout Show,
        until isDone: (Account) -> Bool
    ) async throws {
        let (watch, broker) = (stage.watch, stage.node.url)
        let publishing = Task { watch.report(.published(try await Publishing.run(orders, broker: broker))) }
        do {
            try await show.follow(watch, for: "everything to come to rest", within: Self.restLimit, until: isDone)
            try await publishing.value
        } catch {
            publishing.cancel()
            throw error
        }
    }
}

/// Who takes part beside the host.
private final class Stage {
    let node: LocalBroker
    let watch: Watch
    private(set) var partner: Partner

    init(node: LocalBroker, partner: Partner, watch: Watch) {
        self.node = node
        self.partner = partner
        self.watch = watch
    }

    /// On the same port, with other manners.
    func replacePartner(answers: [Int]) async throws {
        await self.partner.stop()
        self.partner = try await Partner(port: self.partner.port, answers: answers) { [watch] in watch.report($0) }
    }
}

/// What the body returns or throws, so that something can be stopped in between.
func outcome<Value>(_ body: () async throws -> Value) async -> Result<Value, any Error> {
    do { return .success(try await body()) } catch { return .failure(error) }
}

/// For connections whose troubles show as a story that does not end.
let quietLogger = Logger(label: "demo") { _ in SwiftLogNoOpLogHandler() }
