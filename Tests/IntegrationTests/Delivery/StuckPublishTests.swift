import AMQP
import FoundationEssentials
import InMemoryLogging
import LocalBroker
import Logging
import Messaging
import Synchronization
import Testing
import Waiting

/// A quorum queue that confirms nothing of what the host publishes to it, as one without a leader does.
@Suite(.hangGuard)
struct StuckPublishTests {

    enum Stuck: CaseIterable {
        case deadLetters
        case delay
    }

    @Test(arguments: Stuck.allCases)
    func `what one function publishes to a queue that confirms nothing holds up no other, and is not lost`(
        stuck: Stuck
    )
        async throws
    {
        try await TestBed.use { bed in
            let function = stuck == .deadLetters ? "refuse" : "fail-first"
            // 12.8 s are level 7 and no other.
            try bed.deploy(function, keys: ["stuck"], "retry: { backoff: { initial: 12800ms, jitter: 0 } }")
            try bed.deploy("put-off", keys: ["well"])
            let host = try await bed.startHost()
            let queue = stuck == .deadLetters ? bed.deadLetters(function) : "\(bed.namespace).delay.07"
            // One goes before, for the queue to be there.
            var ids = ["s-0"]
            let body = #"{"failures":1}"#
            try await bed.publish(bed.event(body, id: "s-0", key: "stuck"))
            try await wait(for: "the first one in the queue") {
                try await bed.broker.inspect(queue: queue)?.readyMessages == 1
            }
            let surgery = QueueSurgery(queue, of: bed.node)
            try await surgery.suspend()
            for number in 1...100 {
                ids.append("s-\(number)")
                try await bed.publish(bed.event(body, id: "s-\(number)", key: "stuck"))
            }
            try await host.says(
                "messages go by a connection of their own until the broker takes them again"
            )
            let well = Set((1...30).map { "w-\($0)" })
            for id in well { try await bed.publish(bed.event(#"{"times":1,"milliseconds":100}"#, id: id, key: "well")) }
            try await bed.journal.wait(for: "the neighbour's events, each put off once") {
                $0.events("succeeded").isSuperset(of: well)
            }
            try await host.wait(for: "the status of the function") { log in
                log.contains { $0.message == "degraded" && $0["function"] == function }
            }
            try await surgery.resume()
            switch stuck {
            case .deadLetters:
                try await wait(for: "every dead letter") {
                    try await bed.broker.inspect(queue: queue)?.readyMessages ?? 0 >= ids.count
                }
            case .delay:
                try await bed.journal.wait(for: "every second attempt") {
                    $0.events("succeeded").isSuperset(of: ids)
                }
            }
            #expect(try await host.stop() == 0)
            let letters = try await bed.drainQueue(bed.deadLetters(function))
            #expect(Set(letters.map(\.id)) == (stuck == .deadLetters ? Set(ids) : []))
            for queue in [bed.queue(function), bed.queue("put-off"), bed.parked] {
                #expect(try await bed.drainQueue(queue).isEmpty)
            }
        }
    }

    @Test func `what is scheduled for a queue that confirms nothing holds up nothing else that is scheduled`()
        async throws
    {
        try await TestBed.use { bed in
            try bed.deploy("deliver", keys: ["stuck"])
            try bed.deploy("work")
            let host = try await bed.startHost()
            let surgery = bed.surgery("deliver")
            try await surgery.suspend()
            // More than a host holds of what is due.
            let stuck = try await Self.schedule(50, "stuck", in: bed)
            let well = try await Self.schedule(20, "work", in: bed)
            try await bed.journal.wait(for: "what was scheduled for the other") {
                $0.events("ended").isSuperset(of: well)
            }
            #expect(bed.journal.deeds.events("ended").isDisjoint(with: stuck))
            try await surgery.resume()
            #expect(try await host.stop() == 0)
            // What is put off is on its way down through the levels, into the queue of what is due.
            var found = bed.journal.deeds.events("ended")
            let levels = (0...20).reversed().map { "\(bed.namespace).delay.\($0 < 10 ? "0" : "")\($0)" }
            for queue in levels + ["\(bed.namespace).scheduled", bed.queue("deliver")] {
                guard try await bed.broker.inspect(queue: queue) != nil else { continue }
                found.formUnion(try await bed.drainQueue(queue).map(\.id))
            }
            #expect(found == stuck.union(well))
        }
    }

    /// Publishes events that are due in a second.
    ///
    /// - Returns: their ids.
    private static func schedule(_ count: Int, _ key: String, in bed: TestBed) async throws -> Set<String> {
        let file = "\(bed.directory)/\(key).ndjson"
        try String(repeating: "{\"milliseconds\":1}\n", count: count).write(
            toFile: file,
            atomically: true,
            encoding: .utf8
        )
        let result = try await bed.command(["publish", key, "--delay", "1s", "--ndjson", "--ids", "--file", file])
        #expect(result.exitCode == 0, "\(result.errors)")
        let ids = Set(result.output.split(separator: "\n").map(String.init))
        #expect(ids.count == count)
        return ids
    }

    /// The first message that a channel passes to such a queue keeps the broker's channel waiting for 65 s, and is
    /// refused then: see `PublishWatch`. So whatever is answered before that has not waited for it.
    @Test func `what comes after a message that nobody answers is confirmed before it`() async throws {
        try await Self.publishBesideStuck { bed, own, stuck in
            own.publish([bed.event("{}", id: "s", key: "stuck")], stuck.set)
            try await own.passesBy()
            let answer = Answer()
            own.publish([bed.event("{}", id: "w", key: "well")], answer.set)
            try await wait(for: "the confirmation") { answer.results != nil }
            #expect(answer.results == [.confirmed])
        }
    }

    @Test func `among suspects, too, nobody waits behind the one that is not answered`() async throws {
        try await Self.publishBesideStuck { bed, own, stuck in
            own.publish([bed.event("{}", id: "s-1", key: "stuck")]) { _ in }
            try await own.passesBy()
            own.publish([bed.event("{}", id: "s-2", key: "stuck")], stuck.set)
            let message = OutgoingMessage(
                exchange: "\(bed.namespace).nowhere",
                routingKey: "any",
                properties: BasicProperties(),
                headers: FieldTable(),
                body: []
            )
            // Refused once, it is a suspect, and each refusal closes the channel over all that is on its way.
            for _ in 1...2 {
                let answer = Answer()
                own.publish([message], answer.set)
                try await wait(for: "the refusal") { answer.results != nil }
                guard case .refused? = answer.results?.first else {
                    Issue.record("\(String(describing: answer.results))")
                    return
                }
            }
        }
    }

    private final class Answer: Sendable {
        private let state = Mutex<[PublishResult]?>(nil)

        var results: [PublishResult]? { self.state.withLock { $0 } }

        @Sendable func set(_ results: [PublishResult]) { self.state.withLock { $0 = results } }
    }

    /// A broker to publish through, with what it logs.
    private struct Own {
        let broker: AMQPBroker
        let log = InMemoryLogHandler()

        init(_ url: String) throws {
            let log = self.log
            self.broker = try AMQPBroker(
                address: AMQPAddress(url),
                name: "own",
                logger: Logger(label: "own") { _ in log }
            )
        }

        func passesBy() async throws {
            try await wait(for: "another connection") {
                self.log.entries.contains {
                    "\($0.message)"
                        == "the broker answers nothing on a publishing connection; a new one takes further messages"
                }
            }
        }

        func publish(_ messages: [OutgoingMessage], _ answer: @escaping @Sendable ([PublishResult]) -> Void) {
            self.broker.publish(messages, completion: answer)
        }
    }

    /// With a queue that is well and one that stands still; what was published to that must not be answered before the
    /// body ends.
    private static func publishBesideStuck(_ body: (TestBed, Own, Answer) async throws -> Void) async throws {
        try await TestBed.use { bed in
            var declarations = [Declaration.exchange(ExchangeDeclaration(name: bed.exchange, kind: .topic))]
            for key in ["stuck", "well"] {
                let quorum = DeclarationArgument("x-queue-type", .text("quorum"))
                declarations += [
                    .queue(QueueDeclaration(name: bed.queue(key), arguments: [quorum])),
                    .binding(
                        BindingDeclaration(source: bed.exchange, routingKey: key, destination: .queue(bed.queue(key)))
                    ),
                ]
            }
            try await bed.broker.declare(declarations)
            let surgery = QueueSurgery(bed.queue("stuck"), of: bed.node)
            try await surgery.suspend()
            let own = try Own(bed.node.url)
            let stuck = Answer()
            try await body(bed, own, stuck)
            #expect(stuck.results == nil)
            try await surgery.resume()
            await own.broker.close(within: .zero)
        }
    }
}
