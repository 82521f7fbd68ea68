import BrokerConformance
import EventLoops
import Messaging
import Testing
import Waiting

@testable import WarrenTesting

struct InMemoryConformanceTests {
    private struct Tested: BrokerUnderTest {
        let clock: ManualClock
        let memory: InMemoryBroker
        var broker: any Broker { self.memory }

        init() {
            self.clock = ManualClock()
            self.memory = InMemoryBroker(clock: self.clock)
        }

        func makeIntake(on loop: EventLoop, bodyLimit: UInt64) throws -> any Intake {
            try InMemoryIntake(broker: self.memory, bodyLimit: bodyLimit, loop: loop)
        }

        func delete(queue: String) async throws { self.memory.delete(queue: queue) }

        func pass(_ time: Duration) async { self.clock.advance(by: time) }
    }

    @Test(.hangGuard, arguments: ConformanceCase.all)
    func `the in-memory broker does as RabbitMQ does`(_ one: ConformanceCase) async throws {
        try await one.run(Tested())
    }
}
