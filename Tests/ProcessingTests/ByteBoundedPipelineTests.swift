import EventLoops
import Invoking
import Manifests
import Messaging
import Testing

@testable import Processing

/// What a pipeline wants done when its events are large: told to it, without anything that it drives.
struct ByteBoundedPipelineTests {
    private struct Pipeline {
        /// Bytes: one event is within the budget, and two are not.
        private static let event = 1000
        private static let budget = 1500

        private var state: PipelineState<StandardPolicy>
        private let begin = SteadyInstant.now
        private let slot = InvokerSlot.ID(number: 0)
        private var time = Duration.zero
        /// The prefetch of each subscription that was wanted, in their order.
        private(set) var subscriptions: [UInt16] = []
        private(set) var runs: [InvocationID] = []

        init() throws {
            self.state = .test(try FunctionManifest.test(concurrency: 2).consumer, slot: self.slot)
            self.tell(.topologyReady)
            self.tell(.invoker(self.slot, .ready))
        }

        private mutating func tell(_ event: PipelineEvent) {
            let now = Moment(instant: self.begin + self.time, milliseconds: self.time.wholeMilliseconds)
            var actions: [PipelineAction] = []
            self.state.handle(event, at: now, &actions)
            for action in actions {
                switch action {
                case .subscribe(_, let prefetch):
                    self.subscriptions.append(prefetch)
                    self.tell(.subscribed(SubscriptionID(number: self.subscriptions.count)))
                case .run(let id, _): self.runs.append(id)
                default: break
                }
            }
        }

        /// By the present subscription.
        mutating func deliver(_ id: String, tag: UInt64) {
            let body = [UInt8](repeating: 0, count: Self.event)
            let delivery = Delivery.test(id, tag: tag, body: body)
            let subscription = SubscriptionID(number: self.subscriptions.count)
            self.tell(.delivered([delivery], subscription, budget: Self.budget))
        }

        mutating func pause(for time: Duration) {
            let end = self.begin + self.time + time
            self.tell(.invoker(self.slot, .paused(reason: "429", until: end, notRun: self.runs)))
        }

        mutating func finish(_ run: InvocationID) {
            let result = InvocationResult(id: run, outcome: .done(emitted: []), nanoseconds: 0)
            self.tell(.invoker(self.slot, .results([result])))
        }

        mutating func waitForRecovery() {
            self.time += ByteBound.recovery
            self.tell(.due(.bytes))
        }
    }

    @Test func `what is too much to be held is not held through a short pause either`() throws {
        var pipeline = try Pipeline()
        pipeline.deliver("a", tag: 1)
        pipeline.pause(for: .seconds(10))
        #expect(pipeline.subscriptions == [6])
        pipeline.deliver("b", tag: 2)
        #expect(pipeline.subscriptions == [6, 1])
    }

    @Test func `no more events are taken at a time as long as too much is held`() throws {
        var pipeline = try Pipeline()
        pipeline.deliver("a", tag: 1)
        pipeline.deliver("b", tag: 2)
        #expect(pipeline.subscriptions == [6, 1])
        pipeline.deliver("b", tag: 1)
        for _ in 0..<3 {
            pipeline.waitForRecovery()
            #expect(pipeline.subscriptions == [6, 1])
        }
        pipeline.finish(pipeline.runs[0])
        pipeline.waitForRecovery()
        #expect(pipeline.subscriptions == [6, 1, 2])
    }
}
