import EventLoops
import Invoking
import Messaging
import Processing
import Synchronization

/// Replaces the endpoints of webhooks in tests: accepts every event and records it. Nothing is sent.
final class RecordingEndpoint: Sendable {
    private let taken = Mutex<[String: [OutgoingMessage]]>([:])

    /// The events that were delivered to a webhook, in their order.
    func deliveries(to webhook: String) -> [RecordedEvent] {
        self.taken.withLock { ($0[webhook] ?? []).map(RecordedEvent.init) }
    }

    func invoker(for webhook: String, loop: EventLoop) -> any Invoker {
        RecordingInvoker(loop: loop) { message in
            self.taken.withLock { $0[webhook, default: []].append(message) }
        }
    }
}

private final class RecordingInvoker: Invoker, Flushable {
    private let loop: EventLoop
    private let take: (OutgoingMessage) -> Void
    private var handler: (InvokerEvent) -> Void = { _ in }
    private var pending: [InvocationResult] = []
    var isToBeFlushed = false

    init(loop: EventLoop, take: @escaping (OutgoingMessage) -> Void) {
        self.loop = loop
        self.take = take
    }

    func start(_ handler: @escaping (InvokerEvent) -> Void) {
        self.handler = handler
        handler(.ready)
    }

    func invoke(_ invocation: Invocation) {
        let delivery = invocation.delivery
        self.take(
            OutgoingMessage(
                exchange: delivery.exchange,
                routingKey: invocation.originalRoutingKey ?? delivery.routingKey,
                properties: delivery.layout.properties(in: delivery.bytes),
                headers: delivery.headers,
                body: delivery.body
            )
        )
        self.pending.append(InvocationResult(id: invocation.id, outcome: .done(emitted: []), nanoseconds: 0))
        self.loop.flushAtTurnEnd(self)
    }

    /// Answers the invocations of this turn. The next turn must follow at once, because a test may be waiting for
    /// nothing else.
    func flush() {
        guard !self.pending.isEmpty else { return }
        let results = self.pending
        self.pending = []
        self.loop.continueAtOnce()
        self.handler(.results(results))
    }

    func withdraw() -> [InvocationID] { [] }

    func stop(_ completion: @escaping () -> Void) { completion() }
}
