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
        self.screen.heading("The host: warren run")
        let host = try HostProcess(broker: node.url) { watch.report($0) }
        var show = Show(screen: self.screen)
        let result = await outcome {
            watch.expect("all functions to run", within: Self.startLimit)
            try await show.follow(watch) { !$0.functions.isEmpty && $0.allAreRunning }
            tap.followDeadLetters(of: show.account.functions)

            let orders = Orders.lines
            self.screen.heading("\(orders.count) orders: warren publish order.placed --ndjson")
            show.beginClock()
            watch.expect("everything to come to rest", within: Self.restLimit)
            let publishing = Task { watch.report(.published(try await Publishing.run(orders, broker: node.url))) }
            do {
                try await show.follow(watch) { $0.isAtRest }
                try await publishing.value
            } catch {
                publishing.cancel()
                throw error
            }
        }
        self.screen.heading("SIGTERM to the host")
        let code = await host.stop()
        self.screen.say(code == 0 ? "  drained, exit code 0" : "  exit code \(code)")
        try result.get()

        await tap.close()
        let leftOver = try await LeftOver.count(on: node, broker)
        let summary = Summary(account: show.account, hostExitCode: code, leftOver: leftOver)
        self.screen.heading("The account")
        for line in summary.lines(self.screen) { self.screen.say(line.isEmpty ? "" : "  \(line)") }
        return summary.problems
    }
}

/// What the body returns or throws, so that something can be stopped in between.
func outcome<Value>(_ body: () async throws -> Value) async -> Result<Value, any Error> {
    do { return .success(try await body()) } catch { return .failure(error) }
}

/// For connections whose troubles show as a story that does not end.
let quietLogger = Logger(label: "demo") { _ in SwiftLogNoOpLogHandler() }
