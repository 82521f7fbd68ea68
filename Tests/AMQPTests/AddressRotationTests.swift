import Messaging
import Testing

@testable import AMQP

struct AddressRotationTests {
    private static func targets(_ count: Int) throws -> [ConnectionTarget] {
        try (1...count).map { number in
            let host = "10.0.0.\(number)"
            return ConnectionTarget(address: try AMQPAddress("amqp://\(host)"), host: host)
        }
    }

    @Test func `each target is tried once in a round, whatever the order`() throws {
        let targets = try Self.targets(4)
        for seed in 0..<UInt64(50) {
            for role in [AddressRotation.Role.consuming, .publishing, .topology] {
                var rotation = AddressRotation(seed: seed, role: role)
                let order = rotation.order(of: targets)
                #expect(order.count == 4 && targets.allSatisfy(order.contains))
                #expect(rotation.order(of: targets.reversed()) == order, "the resolver's order means nothing")
                rotation.connected(to: order[0])
                let next = rotation.order(of: targets)
                #expect(next.count == 4 && next.last == order[0], "the one that was lost comes last")
            }
        }
    }

    @Test func `orders differ from host to host`() throws {
        let targets = try Self.targets(3)
        let orders = (0..<UInt64(100)).map { AddressRotation(seed: $0, role: .consuming).order(of: targets)[0].host }
        #expect(Set(orders).count == 3)
    }

    @Test func `consuming and publishing begin apart, and the loss of one node does not bring them together`() throws {
        let targets = try Self.targets(3)
        for seed in 0..<UInt64(50) {
            var consuming = AddressRotation(seed: seed, role: .consuming)
            var publishing = AddressRotation(seed: seed, role: .publishing)
            let consumed = consuming.order(of: targets)[0]
            let published = publishing.order(of: targets)[0]
            #expect(consumed != published)
            consuming.connected(to: consumed)
            #expect(consuming.order(of: targets)[0] != published)
            publishing.connected(to: published)
            #expect(publishing.order(of: targets)[0] != consumed)
        }
    }

    @Test func `a single target and a family that is not preferred`() throws {
        let one = try Self.targets(1)
        var rotation = AddressRotation(seed: 1, role: .publishing)
        rotation.connected(to: one[0])
        #expect(rotation.order(of: one) == one)
        #expect(rotation.order(of: []) == [])
        var two = try Self.targets(3)
        two[1].isFallback = true
        for seed in 0..<UInt64(20) {
            #expect(AddressRotation(seed: seed, role: .topology).order(of: two).last == two[1])
        }
    }

    @Test func `a number stays itself, TLS and an unknown name keep the name`() throws {
        let number = try AMQPAddress("amqp://127.0.0.1")
        #expect(ConnectionTarget.resolve(number) == [ConnectionTarget(address: number, host: "127.0.0.1")])
        let unknown = try AMQPAddress("amqp://nowhere.invalid")
        #expect(ConnectionTarget.resolve(unknown) == [ConnectionTarget(address: unknown, host: "nowhere.invalid")])
        let secure = try AMQPAddress("amqps://localhost")
        #expect(ConnectionTarget.resolve(secure) == [ConnectionTarget(address: secure, host: "localhost")])
        let local = ConnectionTarget.resolve(try AMQPAddress("amqp://localhost")).map(\.host)
        #expect(!local.isEmpty && local.allSatisfy { ["127.0.0.1", "::1"].contains($0) })
    }

    @Test func `when all fail, the error names each once, without secrets`() throws {
        // Nothing listens on port 1.
        let texts = ["amqp://u:sesame@127.0.0.1:1", "amqp://u:sesame@127.0.0.2:1", "amqp://u:sesame@127.0.0.1:1"]
        let addresses = try AMQPAddresses(texts)
        #expect(addresses.all.count == 2)
        let error = #expect(throws: BrokerError.self) {
            _ = try ConnectionRound(addresses, in: AddressRotation(seed: 1, role: .topology), named: "test")
        }
        let text = try #require(error).description
        #expect(error?.kind == .unreachable)
        #expect(text.split(separator: "amqp://127.0.0.1:1/", omittingEmptySubsequences: false).count == 2, "\(text)")
        #expect(text.contains("amqp://127.0.0.2:1/") && !text.contains("sesame"))
    }

    @Test func `with several addresses a node that hangs is noticed soon, unless an address says otherwise`() throws {
        #expect(try AMQPAddresses(["amqp://h1"]).all.map(\.heartbeat) == [10])
        #expect(try AMQPAddresses(["amqp://h1", "amqp://h1"]).all.map(\.heartbeat) == [10], "one place, named twice")
        let several = try AMQPAddresses(["amqp://h1", "amqp://h2?heartbeat=10", "amqps://h3?heartbeat=60"])
        #expect(several.all.map(\.heartbeat) == [2, 10, 60])
    }

    @Test func `commas separate addresses`() throws {
        let addresses = try AMQPAddresses(commaSeparated: "amqp://a:p%2Cq@h1 , amqps://b:r@h2:7/v")
        #expect(addresses.all.map(\.password) == ["p,q", "r"])
        #expect(addresses.description == "amqp://h1:5672/, amqps://h2:7/v")
        for text in ["amqp://a:sesame,more@h1", "amqp://h1,", ",", "amqp://h1,h2"] {
            let problem = #expect(throws: AMQPAddress.Problem.self) { try AMQPAddresses(commaSeparated: text) }
            #expect(problem?.description.contains("%2C") == true)
            #expect(problem?.description.contains("sesame") == false)
        }
        #expect(throws: AMQPAddress.Problem.self) { try AMQPAddress("amqp://h1,h2") }
        #expect(throws: AMQPAddress.Problem.self) { try AMQPAddresses([String]()) }
    }
}
