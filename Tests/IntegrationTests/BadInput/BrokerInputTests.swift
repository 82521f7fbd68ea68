import BrokerConformance
import LocalBroker
import Messaging
import Testing
import Waiting

/// A broker that cannot be used is named in one line with what to do, and no password is ever printed.
@Suite(.hangGuard)
struct BrokerInputTests {
    private static let password = "open-sesame-42"

    private static func workshop() throws -> Workshop {
        let workshop = try Workshop()
        try workshop.install("orders")
        try workshop.write(
            "functions.yaml",
            Workshop.manifest("good", handler: "orders/reserve-stock", keys: "[good.#]")
        )
        return workshop
    }

    struct Trouble: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// `PORT` for the node's.
        let url: String
        let says: [String]
    }

    static let troubles = [
        Trouble(
            testDescription: "absent",
            url: "amqp://guest:\(Self.password)@127.0.0.1:1/",
            says: ["cannot reach RabbitMQ at amqp://127.0.0.1:1/"]
        ),
        Trouble(
            testDescription: "an unknown name",
            url: "amqp://guest:\(Self.password)@broker.invalid/",
            says: ["amqp://broker.invalid:5672/", "or name another broker"]
        ),
        Trouble(
            testDescription: "wrong password",
            url: "amqp://guest:\(Self.password)@127.0.0.1:PORT/",
            says: ["check user, password"]
        ),
        Trouble(
            testDescription: "unknown user",
            url: "amqp://nobody:\(Self.password)@127.0.0.1:PORT/",
            says: ["check user, password"]
        ),
        Trouble(
            testDescription: "wrong virtual host",
            url: "amqp://guest:guest@127.0.0.1:PORT/nowhere",
            says: ["virtual host"]
        ),
    ]

    @Test(arguments: Self.troubles)
    func `a broker that cannot be used ends the command`(_ trouble: Trouble) async throws {
        let node = try await SharedBroker.calm.node
        let url = trouble.url.replacing("PORT", with: "\(node.port)")
        let workshop = try Self.workshop()
        let publish = ["publish", "good.event", "--timeout", "1s", "--data", "{}"]
        let results = [
            try await ObservedCommand.run(["run"] + workshop.places, environment: ["WARREN_BROKER": url]),
            try await ObservedCommand.run(["dev"] + workshop.places, environment: ["WARREN_BROKER": url]),
            try await ObservedCommand.run(publish, environment: ["WARREN_BROKER": url]),
            try await ObservedCommand.run(publish + ["--delay", "10s"], environment: ["WARREN_BROKER": url]),
        ]
        for result in results {
            #expect(result.status == 4)
            #expect(result.text == "")
            let lines = result.errorText.split(separator: "\n").filter { $0.hasPrefix("error: ") }
            #expect(lines.count == 1)
            for words in trouble.says { #expect(lines.first?.contains(words) == true, "\(result.errorText)") }
            #expect(!result.errorText.contains(Self.password))
            #expect(!result.errorText.contains("guest:"))
        }
    }

    @Test
    func `a user without permissions is told so`() async throws {
        let sink = try await Sink()
        let workshop = try Self.workshop()
        let user = workshop.namespace
        try await sink.node.control(["add_user", user, Self.password])
        try await sink.node.control(["set_permissions", user, "", "", ""])
        try await sink.declare(queue: "\(user).sink", boundTo: workshop.exchange, "good.#")
        let url = "amqp://\(user):\(Self.password)@127.0.0.1:\(sink.node.port)/"

        let host = try workshop.host(url)
        let line = try await host.line("unhealthy", "  good  ", "ACCESS_REFUSED")
        #expect(line.contains("check user, password and permissions"))
        let stopped = try await host.stop()
        #expect(stopped.status == 0)
        #expect(!stopped.errorText.contains(Self.password))

        for more in [[], ["--delay", "10s"]] {
            let result = try await ObservedCommand.run(
                ["publish", "good.event", "--exchange", workshop.exchange, "--data", "{}"] + more,
                environment: ["WARREN_BROKER": url]
            )
            #expect(result.status == 4)
            #expect(result.errorText.contains("ACCESS_REFUSED"))
            #expect(result.errorText.contains("check user, password and permissions"))
            #expect(!result.errorText.contains(Self.password))
        }
        try await sink.node.control(["delete_user", user])
        await sink.close()
    }

    @Test
    func `a queue that exists with other arguments costs its own function only`() async throws {
        let sink = try await Sink()
        let workshop = try Self.workshop()
        try workshop.write("other.yaml", Workshop.manifest("odd", handler: "orders/reserve-stock", keys: "[odd.#]"))
        let queue = "\(workshop.namespace).odd"
        try await sink.declare(queue: queue, boundTo: workshop.exchange, "odd.#")
        let handled = "\(workshop.namespace).handled"
        try await sink.declare(queue: handled, boundTo: workshop.exchange, "stock.reserved")

        let host = try workshop.host(sink.node.url)
        let line = try await host.line("unhealthy", "  odd  ", "PRECONDITION_FAILED")
        #expect(line.contains("name another 'queue:' in the manifest, or delete this one when it is empty"))
        #expect(line.contains(queue))
        try await host.line("running", "  good  ")
        let publisher = try RawPublisher(sink.address)
        let good = BadEvent("good beside odd", .decode, .handled, key: "good.event") { _ in }
        try publisher.publish(good.message(), to: good.key, of: workshop.exchange)
        _ = try await sink.drain(handled).deliveries(1)
        let odd = BadEvent("odd", .decode, .handled, key: "odd.event") { _ in }
        try publisher.publish(odd.message(), to: odd.key, of: workshop.exchange)

        // Mended while the host runs: the function comes up by itself.
        try await sink.expectReady(1, in: [queue])
        try await sink.node.control(["delete_queue", queue])
        try await host.line("running", "  odd  ")
        let stopped = try await host.stop()
        #expect(stopped.status == 0)
        #expect(!stopped.errorText.contains("guest:"))
        await sink.close()
    }
}
