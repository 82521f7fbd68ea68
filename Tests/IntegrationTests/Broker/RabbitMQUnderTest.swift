import AMQP
import BrokerConformance
import EventLoops
import LocalBroker
import Logging
import Messaging

/// A real node, with a broker client of its own.
struct RabbitMQUnderTest: BrokerUnderTest {
    let node: LocalBroker
    let address: AMQPAddress
    let client: AMQPBroker
    var broker: any Broker { self.client }

    /// - Parameter parameters: the query of the address, such as `heartbeat=1`.
    init(_ node: LocalBroker, parameters: String = "") throws {
        try self.init(node, address: AMQPAddress(parameters.isEmpty ? node.url : "\(node.url)?\(parameters)"))
    }

    init(_ node: LocalBroker, address: AMQPAddress) throws {
        self.node = node
        self.address = address
        self.client = try AMQPBroker(address: self.address, name: "test", logger: Self.silent)
    }

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    func makeIntake(on loop: EventLoop, bodyLimit: UInt64) throws -> any Intake {
        try AMQPIntake(address: self.address, name: "test", bodyLimit: bodyLimit, loop: loop, logger: Self.silent)
    }

    func delete(queue: String) async throws { try await self.node.control(["delete_queue", queue]) }

    func pass(_ time: Duration) async {}

    func close() async { await self.client.close() }
}
