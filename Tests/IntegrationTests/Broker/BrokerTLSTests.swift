import AMQP
import BrokerConformance
import Foundation
import LocalBroker
import Messaging
import Testing
import Waiting

@Suite(.hangGuard)
struct BrokerTLSTests {
    /// The node listens for AMQP over TLS beside plain AMQP and asks for a certificate of our authority.
    private static func configuration(_ certificates: Certificates, port: Int) -> String {
        """
        [{rabbit, [
          {ssl_listeners, [{"127.0.0.1", \(port)}]},
          {ssl_options, [
            {cacertfile, "\(certificates.path("ca.pem"))"},
            {certfile, "\(certificates.path("server.pem"))"},
            {keyfile, "\(certificates.path("server.key"))"},
            {verify, verify_peer},
            {fail_if_no_peer_cert, true}
          ]}
        ]}].

        """
    }

    /// - Returns: a node, what it checks certificates with, in its own directory, and its port for TLS.
    private static func start() async throws -> (LocalBroker, Certificates, port: Int) {
        let directory = NSTemporaryDirectory() + "warren-tls-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        do {
            let certificates = try Certificates(in: directory)
            let port = Int.random(in: 18_000..<20_000)
            try self.configuration(certificates, port: port).write(
                toFile: "\(directory)/advanced.config",
                atomically: true,
                encoding: .utf8
            )
            return (try await LocalBroker.start(dataDirectory: directory), certificates, port)
        } catch {
            try? FileManager.default.removeItem(atPath: directory)
            throw error
        }
    }

    @Test func `TLS wants a trusted broker and shows who asks`() async throws {
        let (node, certificates, port) = try await Self.start()
        defer { try? FileManager.default.removeItem(atPath: certificates.directory) }
        let trusting = "cacertfile=\(certificates.path("ca.pem"))"
        let identified =
            "\(trusting)&certfile=\(certificates.path("client.pem"))&keyfile=\(certificates.path("client.key"))"
        let base = "amqps://guest:guest@localhost:\(port)/"

        let tested = try RabbitMQUnderTest(node, address: AMQPAddress("\(base)?\(identified)"))
        let probe = try tested.probe()
        let subscription = probe.subscribe(to: "q")
        // The listener for TLS comes up a moment after the other one.
        try await subscription.signal(.interrupted(.channel, .notFound))
        try await tested.broker.declare([.queue(QueueDeclaration(name: "q", arguments: []))])
        let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        let message = OutgoingMessage(
            exchange: "",
            routingKey: "q",
            properties: BasicProperties(),
            headers: FieldTable(),
            body: body[...]
        )
        #expect(await tested.broker.publish([message]) == [.confirmed])
        #expect(try await subscription.deliveries(1).map { Array($0.body) } == [body])
        await probe.close()
        await tested.close()

        let refused = [
            ("another authority", "cacertfile=\(certificates.path("other.pem"))"),
            ("no client certificate", trusting),
            ("a missing authority file", "cacertfile=\(certificates.path("missing.pem"))"),
            ("a key that is not the certificate's", identified.replacing("client.key", with: "ca.key")),
        ]
        for (what, parameters) in refused {
            let broker = try RabbitMQUnderTest(node, address: AMQPAddress("\(base)?\(parameters)"))
            let error = await #expect(throws: BrokerError.self) { try await broker.broker.declare([]) }
            #expect(error?.kind == .accessRefused, "\(what): \(String(describing: error))")
            await broker.close()
        }
        let elsewhere = try RabbitMQUnderTest(node, address: AMQPAddress("amqps://127.0.0.1:\(port)/?\(identified)"))
        let error = await #expect(throws: BrokerError.self) { try await elsewhere.broker.declare([]) }
        #expect(
            error?.kind == .accessRefused,
            "a name that the certificate does not have: \(String(describing: error))"
        )
        await elsewhere.close()
        await node.stop()
    }

    /// The broker throws out the users of each address in turn, and the host goes on as the user of another one.
    @Test func `each address has a user and TLS of its own`() async throws {
        let (node, certificates, port) = try await Self.start()
        defer { try? FileManager.default.removeItem(atPath: certificates.directory) }
        for user in ["plain", "secure"] {
            try await node.control(["add_user", user, "sesame-\(user)"])
            try await node.control(["set_permissions", user, ".*", ".*", ".*"])
        }
        let query =
            "cacertfile=\(certificates.path("ca.pem"))&certfile=\(certificates.path("client.pem"))"
            + "&keyfile=\(certificates.path("client.key"))"
        let urls = [
            "amqp://plain:sesame-plain@127.0.0.1:\(node.port)/",
            "amqps://secure:sesame-secure@localhost:\(port)/?\(query)",
        ]
        try await TestBed.use(nodes: [node], urls: urls) { bed in
            try bed.deploy("record")
            let host = try await bed.startHost()
            func users() async throws -> Set<Substring> {
                let columns = ["user", "ssl", "client_properties"]
                let table = try await node.control(["list_connections", "--quiet", "--no-table-headers"] + columns)
                return Set(
                    table.split(separator: "\n").filter {
                        $0.contains("warren intake") || $0.contains("warren publishing")
                    }
                    .map { $0.split(separator: "\t").prefix(2).joined(separator: " ")[...] }
                )
            }
            // The consuming and the publishing connection begin at different addresses.
            try await wait(for: "a connection to each address") {
                try await users() == ["plain false", "secure true"]
            }
            for (user, other) in [("plain", "secure true"), ("secure", "plain false")] {
                try await node.control(["clear_permissions", user])
                try await node.control(["close_all_user_connections", user, "test"])
                try await wait(for: "connections of the other user") { try await users() == [other[...]] }
                try await node.control(["set_permissions", user, ".*", ".*", ".*"])
            }
            #expect(try await host.stop() == 0)
            #expect(!host.warren.errors.contains("sesame"))
        }
        await node.stop()
    }
}
