import Manifests
import Messaging
import SeededGeneration
import Testing

@testable import Topology

struct DelayRouteTests {
    private static let all = (1 << DelayRoute.levels) - 1

    /// The delay that a route makes, in units of 100 ms, read from its digits.
    private static func units(_ route: DelayRoute) throws -> Int {
        let digits = route.routingKey.split(separator: ".").prefix(DelayRoute.levels).joined()
        return try #require(Int(digits, radix: 2))
    }

    private static func delay(_ units: Int) -> Duration { DelayRoute.unit * units }

    @Test(arguments: [
        (Duration.milliseconds(-5), 1, 1), (.zero, 1, 1), (.nanoseconds(1), 1, 1), (.milliseconds(100), 1, 1),
        (.milliseconds(101), 2, 2), (.milliseconds(1500), 15, 15), (.milliseconds(1700), 17, 17),
        (.milliseconds(3100), 31, 32), (.seconds(10), 100, 100), (.seconds(3600), 36_000, 36_096),
        (.seconds(3600) + .nanoseconds(1), 36_001, 36_096), (.seconds(86_400), 864_000, 868_352),
        (DelayRoute.longest - .milliseconds(100), all - 1, all - 1), (DelayRoute.longest, all, all),
        (DelayRoute.longest + .nanoseconds(1), all, all), (.seconds(Int64.max), all, all),
    ])
    func `a delay is rounded up to its precision and kept within bounds`(
        delay: Duration,
        exact: Int,
        rounded: Int
    ) throws {
        #expect(try Self.units(DelayRoute(delay, to: "q", precision: .exact)) == exact)
        #expect(try Self.units(DelayRoute(delay, to: "q", precision: .fourHops)) == rounded)
    }

    @Test func `the longest delay sets every digit`() {
        #expect(DelayRoute.longest == .milliseconds(100 * ((1 << 28) - 1)))
        let route = DelayRoute(DelayRoute.longest, to: "warren.a", precision: .exact)
        #expect(route.routingKey == String(repeating: "1.", count: 28) + "warren.a")
        #expect(route.highestLevel == 27)
    }

    @Test func `the routing key has 28 digits, highest first, and the queue's name with its dots`() {
        let route = DelayRoute(.milliseconds(500), to: "shop.orders.v2", precision: .exact)
        #expect(route.routingKey == String(repeating: "0.", count: 25) + "1.0.1.shop.orders.v2")
        #expect(route.highestLevel == 2)
    }

    @Test func `the routing key of the longest queue name fits an AMQP short string`() {
        let queue = String(repeating: "q", count: ManifestName.maximumQueueLength)
        #expect(DelayRoute(.seconds(1), to: queue, precision: .exact).routingKey.utf8.count == 255)
        #expect(DelayRoute.pattern(for: queue).utf8.count == 255)
    }

    @Test func `ten thousand random delays are never short, hardly late, and take four hops at most`() throws {
        var random = SeededGenerator(seed: 28)
        // Up to where there is something to round up to.
        let longest = 0b1111 << (DelayRoute.levels - 4)
        for _ in 0..<10_000 {
            let bits = Int.random(in: 1...DelayRoute.levels, using: &random)
            let milliseconds =
                Int.random(in: 1...(1 << bits), using: &random) * 100
                - Int.random(in: 0..<100, using: &random)
            let delay = Duration.milliseconds(milliseconds)
            let exact = Self.delay(try Self.units(DelayRoute(delay, to: "q", precision: .exact)))
            #expect(exact >= min(delay, DelayRoute.longest))
            #expect(exact - delay < DelayRoute.unit)
            let route = DelayRoute(delay, to: "q", precision: .fourHops)
            let units = try Self.units(route)
            let rounded = Self.delay(units)
            #expect(rounded >= min(delay, DelayRoute.longest), "\(delay) is cut to \(rounded)")
            #expect(rounded <= delay * 16 / 15 + DelayRoute.unit, "\(delay) becomes \(rounded)")
            #expect(units.nonzeroBitCount <= 4 || units > longest, "\(delay) takes \(units.nonzeroBitCount) hops")
            #expect(route.highestLevel == Int.bitWidth - 1 - units.leadingZeroBitCount)
        }
    }

    /// The bound of a fifteenth is reached: whoever promises less must change the rounding.
    @Test func `just above fifteen units of a level a delay is rounded up to sixteen`() throws {
        let route = DelayRoute(Self.delay(15 << 16 | 1), to: "q", precision: .fourHops)
        #expect(try Self.units(route) == 16 << 16)
    }

    @Test(arguments: ["orders", "a.orders", "b.a.orders", "xorders", "0.orders", "1.1.orders"])
    func `a queue takes its own messages and none of a queue whose name ends alike`(queue: String) throws {
        let queues = ["orders", "a.orders", "b.a.orders", "xorders", "0.orders", "1.1.orders"]
        let key = DelayRoute(.seconds(1), to: queue, precision: .exact).routingKey
        for other in queues {
            let pattern = try RoutingPattern(DelayRoute.pattern(for: other))
            #expect(pattern.matches(key) == (other == queue), "\(other) takes the messages of \(queue)")
        }
    }
}
