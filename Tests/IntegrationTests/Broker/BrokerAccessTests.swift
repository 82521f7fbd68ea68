import AMQP
import BrokerConformance
import LocalBroker
import Messaging
import Testing
import Waiting

@Suite(.hangGuard)
struct BrokerAccessTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// With PORT for the node's.
        let url: String
        let kind: BrokerError.Kind
        let says: String
    }

    static let cases = [
        Case(
            testDescription: "a wrong password",
            url: "amqp://guest:sesame@127.0.0.1:PORT/",
            kind: .accessRefused,
            says: "check user, password"
        ),
        Case(
            testDescription: "an unknown user",
            url: "amqp://nobody:sesame@127.0.0.1:PORT/",
            kind: .accessRefused,
            says: "check user, password"
        ),
        Case(
            testDescription: "a missing virtual host",
            url: "amqp://guest:guest@127.0.0.1:PORT/nowhere",
            kind: .accessRefused,
            says: "virtual host"
        ),
        Case(
            testDescription: "no broker",
            url: "amqp://guest:sesame@127.0.0.1:1/",
            kind: .unreachable,
            says: "cannot reach RabbitMQ at amqp://127.0.0.1:1/"
        ),
        Case(
            testDescription: "a name that nobody has",
            url: "amqp://guest:sesame@broker.invalid:PORT/",
            kind: .unreachable,
            says: "broker.invalid"
        ),
        Case(
            testDescription: "TLS where there is none",
            url: "amqps://guest:sesame@127.0.0.1:PORT/",
            kind: .unreachable,
            says: "amqps://127.0.0.1:"
        ),
    ]

    @Test(arguments: Self.cases)
    func `the reason why a broker cannot be used is told without its password`(_ one: Case) async throws {
        let port = try await SharedBroker.calm.node.port
        let address = try AMQPAddress(one.url.split(separator: "PORT").joined(separator: "\(port)"))
        let broker = try AMQPBroker(
            address: address,
            name: "test",
            giveUpAfter: .zero,
            logger: RabbitMQUnderTest.silent
        )
        func check(_ error: BrokerError?) {
            #expect(error?.kind == one.kind)
            #expect(error?.description.contains(one.says) == true, "\(String(describing: error))")
            #expect(error?.description.contains("sesame") == false)
        }
        check(await #expect(throws: BrokerError.self) { try await broker.declare([]) })
        let message = OutgoingMessage(
            exchange: "",
            routingKey: "q",
            properties: BasicProperties(),
            headers: FieldTable(),
            body: []
        )
        let result = await broker.publish([message]).first
        if case .refused(let error)? = result { check(error) } else { Issue.record("\(String(describing: result))") }
        let probe = try IntakeProbe {
            try AMQPIntake(address: address, name: "test", loop: $0, logger: RabbitMQUnderTest.silent)
        }
        let subscription = probe.subscribe(to: "q")
        try await subscription.signal(.interrupted(.connection, one.kind))
        check(subscription.seen.error)
        await probe.close()
        await broker.close()
    }
}
