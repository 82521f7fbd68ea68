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

    @Test func `TLS wants a trusted broker and shows who asks`() async throws {
        let directory = NSTemporaryDirectory() + "warren-tls-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let certificates = try Certificates(in: directory)
        let port = Int.random(in: 18_000..<20_000)
        try Self.configuration(certificates, port: port).write(
            toFile: "\(directory)/advanced.config",
            atomically: true,
            encoding: .utf8
        )
        let node = try await LocalBroker.start(dataDirectory: directory)
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
}
