import FoundationEssentials
import LocalBroker
import Testing
import Waiting

/// What the articles tell an operator to do with RabbitMQ's own tools.
@Suite(.hangGuard)
struct BrokerCommandTests {
    private let documentation: Documentation

    init() throws { self.documentation = try Documentation() }

    @Test func `the permissions suffice, and dead letters are counted and let go`() async throws {
        let node = try await LocalBroker.start()
        let environment = try Self.environment(of: node)
        for user in ["host", "shop"] { try await node.control(["add_user", user, "secret"]) }
        let permissions = try self.documentation.article("ConnectingToRabbitMQ").scripts
        try #require(permissions.count == 1)
        _ = try await Self.run(permissions[0], environment)

        func url(_ user: String) -> String { "amqp://\(user):secret@127.0.0.1:\(node.port)/" }
        let host = try ObservedCommand(
            ["run", "--manifests", "\(Documentation.root)/manifests"],
            environment: ["PATH": "/usr/bin:/bin", "WARREN_BROKER": url("host")]
        )
        do {
            try await host.line("all functions are running")
            func publish(_ name: String, _ more: String...) async throws -> Int32? {
                try await ObservedCommand.run(
                    ["publish", "guest.arrived", "--data", #"{"name":"\#(name)"}"#] + more,
                    environment: ["WARREN_BROKER": url("shop")]
                ).status
            }
            #expect(try await publish("Ada") == 0)
            try await host.line("record-event", "guest.greeted")
            #expect(try await publish("") == 0)
            #expect(try await publish("Ada", "--exchange", "warren.dead-letter") == 4)
            try await host.line("event dead-lettered", "reason=rejected")

            let deadLetters = try self.documentation.article("RetriesDelaysAndDeadLetters").scripts
            try #require(deadLetters.count == 2)
            let (count, purge) = (deadLetters[0], deadLetters[1])
            // The broker counts every few seconds.
            func counted(_ line: String) async throws {
                try await wait(for: line) {
                    try await Self.run(count, environment).split(separator: "\n").contains { $0 == line }
                }
            }
            try await counted("warren.greet.dead\t1")
            _ = try await Self.run(purge, environment)
            try await counted("warren.greet.dead\t0")
        } catch {
            _ = try? await host.stop()
            await node.stop()
            throw error
        }
        #expect(try await host.stop().status == 0)
        await node.stop()
    }

    @Test func `every command of the articles that is marked as tested is run here`() {
        let pages = self.documentation.articles.filter { !$0.scripts.isEmpty }.map(\.name)
        #expect(pages == ["ConnectingToRabbitMQ.md", "RetriesDelaysAndDeadLetters.md"])
    }

    /// The environment of the node's own process, in which `rabbitmqctl` finds it.
    private static func environment(of node: LocalBroker) throws -> [String: String] {
        let pid = try #require(node.pid)
        var environment = ProcessFacts(pid).environment
        // Debian's wrapper in /usr/sbin switches to another user.
        environment["PATH"] = "/usr/lib/rabbitmq/bin:" + (environment["PATH"] ?? "/usr/bin:/bin")
        return environment
    }

    /// - Returns: what it printed.
    private static func run(_ script: MarkdownPage.Script, _ environment: [String: String]) async throws -> String {
        let ended = try await ObservedCommand(["-ec", script.text], environment: environment, executable: "/bin/sh")
            .end()
        #expect(ended.status == 0, "\(script.text)\n\(ended.errorText)")
        return ended.text
    }
}
