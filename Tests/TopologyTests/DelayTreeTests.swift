import Manifests
import Messaging
import SeededGeneration
import Testing

@testable import Topology

/// Walks messages through the declared delay levels, with no more knowledge than a broker has.
struct DelayTreeTests {
    private struct Broker {
        var bindings: [(binding: BindingDeclaration, pattern: RoutingPattern)] = []
        var queues: [String: QueueDeclaration] = [:]

        init(_ declarations: [Declaration]) throws {
            for declaration in declarations {
                switch declaration {
                case .exchange: break
                case .queue(let queue): self.queues[queue.name] = queue
                case .binding(let binding):
                    self.bindings.append((binding, try RoutingPattern(binding.routingKey)))
                }
            }
        }

        /// The one destination of a key.
        func destination(of key: String, from exchange: String) throws -> BindingDeclaration.Destination {
            let matching = self.bindings.filter { $0.binding.source == exchange && $0.pattern.matches(key) }
            try #require(matching.count == 1, "\(key) leaves \(exchange) on \(matching.count) ways")
            return matching[0].binding.destination
        }
    }

    private static let names = TopologyNames(namespace: "warren")

    private static func argument(_ name: String, of queue: QueueDeclaration) -> DeclarationArgument.Value? {
        queue.arguments.first { $0.name == name }?.value
    }

    /// What a message goes through until it reaches the end of the delay: the sum of its waits, and how many.
    private static func walk(_ route: DelayRoute, _ broker: Broker) throws -> (wait: Duration, hops: Int) {
        var exchange = self.names.delayLevel(route.highestLevel)
        var wait = Duration.zero
        var hops = 0
        var steps = 0
        while exchange != self.names.delayDone {
            steps += 1
            try #require(steps < 100, "the message goes round in a circle")
            switch try broker.destination(of: route.routingKey, from: exchange) {
            case .exchange(let next):
                exchange = next
            case .queue(let name):
                let queue = try #require(broker.queues[name])
                guard case .number(let ttl)? = self.argument("x-message-ttl", of: queue),
                    case .text(let next)? = self.argument("x-dead-letter-exchange", of: queue)
                else {
                    Issue.record("\(name) does not let its messages go")
                    return (wait, hops)
                }
                #expect(self.argument("x-dead-letter-routing-key", of: queue) == nil, "the key carries the way")
                wait += .milliseconds(ttl)
                hops += 1
                exchange = next
            }
        }
        return (wait, hops)
    }

    @Test func `the times to live on a message's way add up to its delay`() throws {
        let broker = try Broker(TopologyPlanner.delayLevels(upTo: DelayRoute.levels - 1, Self.names))
        var random = SeededGenerator(seed: 100)
        for _ in 0..<300 {
            let bits = Int.random(in: 1..<DelayRoute.levels, using: &random)
            let delay = DelayRoute.unit * Int.random(in: 1...(1 << bits), using: &random)
            let (wait, _) = try Self.walk(DelayRoute(delay, to: "warren.a", precision: .exact), broker)
            #expect(wait == delay)
            let (rounded, hops) = try Self.walk(
                DelayRoute(delay, to: "warren.a", precision: .fourHops),
                broker
            )
            #expect(rounded >= delay)
            #expect(hops <= 4)
        }
    }

    @Test(arguments: 0..<DelayRoute.levels)
    func `the levels up to a message's highest are all that it needs`(level: Int) throws {
        let broker = try Broker(TopologyPlanner.delayLevels(upTo: level, Self.names))
        let delay = DelayRoute.unit * ((2 << level) - 1)
        let (wait, hops) = try Self.walk(DelayRoute(delay, to: "q", precision: .exact), broker)
        #expect(wait == delay)
        #expect(hops == level + 1)
    }

    @Test func `a level's digit is told at its own place, whatever stands elsewhere`() throws {
        for level in 0..<DelayRoute.levels {
            let one = try RoutingPattern(DelayRoute.pattern(level: level, digit: "1"))
            let zero = try RoutingPattern(DelayRoute.pattern(level: level, digit: "0"))
            let set = DelayRoute(DelayRoute.unit * (1 << level), to: "q", precision: .exact).routingKey
            let others = DelayRoute(
                DelayRoute.unit * ((1 << DelayRoute.levels) - 1 - (1 << level)),
                to: "q",
                precision: .exact
            ).routingKey
            #expect(one.matches(set) && !zero.matches(set))
            #expect(zero.matches(others) && !one.matches(others))
        }
    }
}
