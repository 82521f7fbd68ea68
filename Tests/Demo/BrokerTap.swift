import AMQP
import EventLoops
import Foundation
import Manifests
import Messaging
import Processing
import Topology

/// Takes events and dead letters out of queues of the broker, as a program that has nothing to do with Warren would.
final class BrokerTap: Sendable {
    private enum Command: Sendable {
        case consume(queue: String, read: @Sendable (Delivery) -> Observation)
        case close(@Sendable () -> Void)
    }

    private struct Fields: Decodable {
        let orderID: String?
        let attempts: Int?
    }

    private let mailbox: Mailbox<Command>

    /// - Parameter report: called on the tap's thread.
    init(address: AMQPAddress, report: @escaping @Sendable (Observation) -> Void) throws {
        let mailbox = try Mailbox<Command>()
        self.mailbox = mailbox
        try LoopThread.start(named: "demo-tap") { Self.run(mailbox, address, report) }
    }

    func followEvents(in queue: String) {
        self.mailbox.send(.consume(queue: queue) { .event(Self.event($0)) })
    }

    func followDeadLetters(of functions: [String]) {
        let names = TopologyNames(namespace: "warren")
        for function in functions {
            let queue = names.deadLetterQueue(of: "warren.\(function)")
            self.mailbox.send(.consume(queue: queue) { .deadLetter(Self.deadLetter($0, of: function)) })
        }
    }

    /// Returns when the broker has taken every acknowledgement. A second call does nothing.
    func close() async {
        await withCheckedContinuation { continuation in
            if !self.mailbox.send(.close { continuation.resume() }) { continuation.resume() }
        }
    }

    private static func run(
        _ mailbox: Mailbox<Command>,
        _ address: AMQPAddress,
        _ report: @escaping @Sendable (Observation) -> Void
    ) {
        do throws(SystemError) {
            let loop = try EventLoop()
            let intake = try AMQPIntake(address: address, name: "demo tap", loop: loop, logger: quietLogger)
            var closing: [@Sendable () -> Void] = []
            mailbox.attach(to: loop) { commands in
                for command in commands {
                    switch command {
                    case .consume(let queue, let read):
                        self.consume(queue, with: intake) { report(read($0)) }
                    case .close(let completion):
                        closing.append(completion)
                        if closing.count == 1 { intake.close { loop.stop() } }
                    }
                }
            }
            loop.atTurnEnd { intake.flush() }
            loop.run()
            for completion in closing { completion() }
        } catch {
            report(.hostComplained("the demonstration cannot consume: \(error)"))
        }
        for case .close(let completion) in mailbox.close() { completion() }
    }

    private static func consume(_ queue: String, with intake: AMQPIntake, _ take: @escaping (Delivery) -> Void) {
        var subscription: SubscriptionID?
        subscription = intake.subscribe(to: queue, prefetch: 200) { [weak intake] event in
            guard case .deliveries(let deliveries) = event, let subscription else { return }
            for delivery in deliveries {
                take(delivery)
                intake?.acknowledge(delivery.tag, of: subscription)
            }
        }
    }

    // MARK: - Reading messages

    private static func event(_ delivery: Delivery) -> SeenEvent {
        let properties = delivery.layout.properties(in: delivery.bytes)
        let fields = try? JSONDecoder().decode(Fields.self, from: Data(delivery.body))
        return SeenEvent(
            id: properties.messageID ?? "",
            type: properties.type ?? "",
            story: properties.correlationID ?? "",
            order: fields?.orderID,
            attempts: fields?.attempts
        )
    }

    private static func deadLetter(_ delivery: Delivery, of function: String) -> SeenDeadLetter {
        let headers = delivery.headers
        func text(_ name: String) -> String? {
            if case .string(let value)? = headers[name] { value } else { nil }
        }
        var attempt = 1
        if case .integer(let value)? = headers[RuntimeHeaders.attempt] { attempt = Int(clamping: value) }
        return SeenDeadLetter(
            story: delivery.layout.properties(in: delivery.bytes).correlationID ?? "",
            function: function,
            reason: text(RuntimeHeaders.deadReason) ?? "by the broker",
            attempt: attempt,
            error: text(RuntimeHeaders.error) ?? ""
        )
    }
}
