import Messaging
import Testing

@testable import Processing

/// What a consumer says is wrong between its host and the broker.
struct PipelineHealthTests {
    private let away = BrokerError(.unreachable, "cannot reach RabbitMQ at amqp://there/")
    private let mute = BrokerError(.unreachable, "queue 'q' has not begun to deliver; see whether it has a leader")
    private let odd = BrokerError(.mismatch, "queue 'q' exists with other settings")
    private var health = PipelineHealth(nil)

    @Test
    mutating func `while the connection is lost each consumer says the same, whatever the broker does not answer`() {
        #expect(self.health.brokerProblem == nil)
        self.health.deliveriesStopped(.connection, self.away)
        #expect(self.health.brokerProblem == .disconnected)
        self.health.topologyFailed(self.away)
        #expect(self.health.brokerProblem == .disconnected)
        self.health.topologyFailed(self.odd)
        #expect(self.health.brokerProblem == .unhealthy(reason: self.odd.description), "that is not due to the loss")
        self.health.topologyIsReady()
        #expect(self.health.brokerProblem == .disconnected)
        self.health.deliveriesBegan()
        #expect(self.health.brokerProblem == nil)
    }

    @Test mutating func `a queue that does not answer is named while the broker is there`() {
        self.health.deliveriesStopped(.channel, self.mute)
        #expect(self.health.brokerProblem == .unhealthy(reason: self.mute.description))
        self.health.deliveriesBegan()
        self.health.topologyFailed(self.mute)
        #expect(self.health.brokerProblem == .unhealthy(reason: self.mute.description))
    }
}
