package import EventLoops
package import Messaging

/// What the conformance suite needs to know of a broker to test it.
package protocol BrokerUnderTest: Sendable {
    var broker: any Broker { get }

    /// Makes an intake. Called on the loop's thread.
    func makeIntake(on loop: EventLoop, bodyLimit: UInt64) throws -> any Intake

    /// Deletes a queue behind the clients' backs, as an operator would.
    func delete(queue: String) async throws

    /// Lets that much time pass on the broker's clock. A broker that lives in real time need do nothing: who waits
    /// for a message waits long enough.
    func pass(_ time: Duration) async
}

extension BrokerUnderTest {
    /// An intake on a thread of its own.
    package func probe(bodyLimit: UInt64 = 16 << 20) throws -> IntakeProbe {
        try IntakeProbe { try self.makeIntake(on: $0, bodyLimit: bodyLimit) }
    }
}
