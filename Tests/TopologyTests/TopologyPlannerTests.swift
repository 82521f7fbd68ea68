import Manifests
import Messaging
import Testing

@testable import Topology

struct TopologyPlannerTests {
    private static let names = TopologyNames(namespace: "shop")

    private static func manifest(
        _ name: String,
        queue: String? = nil,
        keys: [String] = ["#"]
    ) throws
        -> ConsumerManifest
    {
        FunctionManifest(
            name: name,
            handler: HandlerReference(bundle: "bundle", function: name),
            keys: try keys.map { try RoutingPattern($0) },
            queue: queue,
            locations: .init(everywhere: SourceLocation(file: "test.yaml", line: 1, column: 1))
        ).consumer
    }

    private static func queue(_ name: String, in declarations: [Declaration]) -> [DeclarationArgument]? {
        for case .queue(let queue) in declarations where queue.name == name { return queue.arguments }
        return nil
    }

    private static let quorum = DeclarationArgument("x-queue-type", .text("quorum"))
    private static let atLeastOnce = DeclarationArgument("x-dead-letter-strategy", .text("at-least-once"))
    private static let refusing = DeclarationArgument("x-overflow", .text("reject-publish"))
    private static let unlimited = DeclarationArgument("x-delivery-limit", .number(1_000_000_000))

    @Test(arguments: [
        (
            "shop.bill",
            [
                quorum, DeclarationArgument("x-dead-letter-exchange", .text("shop.dead-letter")),
                DeclarationArgument("x-dead-letter-routing-key", .text("shop.bill")), atLeastOnce, refusing,
                DeclarationArgument("x-delivery-limit", .number(10_000)),
            ]
        ),
        ("shop.bill.dead", [quorum, unlimited]),
        ("shop.parked", [quorum, unlimited]),
        (
            "shop.scheduled",
            [
                quorum, unlimited, DeclarationArgument("x-dead-letter-exchange", .text("shop.parked")), atLeastOnce,
                refusing,
            ]
        ),
    ])
    func `every queue has the arguments that make it safe`(name: String, arguments: [DeclarationArgument]) throws {
        let plan = TopologyPlanner.plan([try Self.manifest("bill")], namespace: "shop")
        #expect(Self.queue(name, in: plan.declarations) == arguments)
    }

    @Test(arguments: [(0, 100, "shop.delay.done"), (1, 200, "shop.delay.00"), (27, 13_421_772_800, "shop.delay.26")])
    func `a delay level holds a message for its time and hands it down`(level: Int, ttl: Int64, next: String) {
        let declarations = TopologyPlanner.delayLevels(upTo: 27, Self.names)
        #expect(
            Self.queue(Self.names.delayLevel(level), in: declarations) == [
                Self.quorum, DeclarationArgument("x-message-ttl", .number(ttl)),
                DeclarationArgument("x-dead-letter-exchange", .text(next)), Self.atLeastOnce, Self.refusing,
            ]
        )
    }

    @Test func `everything is declared before what leans on it`() throws {
        let plan = TopologyPlanner.plan(
            [try Self.manifest("bill"), try Self.manifest("ship", queue: "other.queue", keys: ["a.*", "b.#"])],
            namespace: "shop"
        )
        var known: Set<String> = []
        for declaration in plan.declarations + TopologyPlanner.delayLevels(upTo: 27, Self.names) {
            switch declaration {
            case .exchange(let exchange): known.insert("exchange " + exchange.name)
            case .queue(let queue): known.insert("queue " + queue.name)
            case .binding(let binding):
                #expect(known.contains("exchange " + binding.source))
                switch binding.destination {
                case .queue(let queue): #expect(known.contains("queue " + queue))
                case .exchange(let exchange): #expect(known.contains("exchange " + exchange))
                }
            }
        }
    }

    @Test func `what a manifest can change never reaches the arguments of a queue`() throws {
        var changed = try Self.manifest("bill", keys: ["other.key"])
        changed.concurrency = 99
        changed.timeout = .seconds(900)
        changed.retry.maxAttempts = 42
        changed.exchange = "elsewhere"
        changed.batch = BatchPolicy(size: 10)
        changed.onRemove = .delete
        let before = TopologyPlanner.plan([try Self.manifest("bill")], namespace: "shop").declarations
        let after = TopologyPlanner.plan([changed], namespace: "shop").declarations
        func queues(_ declarations: [Declaration]) -> [QueueDeclaration] {
            declarations.compactMap { if case .queue(let queue) = $0 { queue } else { nil } }
        }
        #expect(queues(before) == queues(after))
    }

    @Test func `an ordered function's queue has a single active consumer and differs in nothing else`() throws {
        var ordered = try Self.manifest("bill")
        ordered.ordered = true
        let before = TopologyPlanner.plan([try Self.manifest("bill")], namespace: "shop").declarations
        let after = TopologyPlanner.plan([ordered], namespace: "shop").declarations
        let single = DeclarationArgument("x-single-active-consumer", .flag(true))
        let wanted = before.map { declaration -> Declaration in
            guard case .queue(let queue) = declaration, queue.name == "shop.bill" else { return declaration }
            return .queue(QueueDeclaration(name: queue.name, arguments: queue.arguments + [single]))
        }
        #expect(after == wanted)
        #expect(after != before)
        #expect(after.map(\.summary).filter { $0.contains("x-single-active-consumer=true") }.count == 1)
    }

    @Test func `each of a function's patterns is bound to its queue`() throws {
        let plan = TopologyPlanner.plan([try Self.manifest("bill", keys: ["a.*", "b.#"])], namespace: "shop")
        for key in ["a.*", "b.#"] {
            let binding = BindingDeclaration(source: "events", routingKey: key, destination: .queue("shop.bill"))
            #expect(plan.declarations.contains(.binding(binding)))
        }
    }
}
