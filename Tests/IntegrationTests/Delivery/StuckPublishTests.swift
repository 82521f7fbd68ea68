import AMQP
import Messaging
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
}
