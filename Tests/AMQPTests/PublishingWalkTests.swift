import Testing

@testable import AMQP

struct PublishingWalkTests {
    private static let roles = [PublishingRole.alone(giveUpAfter: .seconds(10)), .regular, .suspects]

    private static func walk(_ seed: UInt64, _ role: PublishingRole) -> PublishingModel {
        var model = PublishingModel(seed: seed, role: role)
        for _ in 0..<1000 { model.step() }
        return model
    }

    @Test(arguments: 0..<25 as Range<UInt64>, roles)
    func `in any history every message is answered once as the broker has, or handed over once, in its order`(
        seed: UInt64,
        role: PublishingRole
    ) {
        var model = Self.walk(seed, role)
        #expect(model.confirmed > 0)
        model.runOut()
        #expect(model.held == 0, "something is never answered: \(model.state)")
    }

    @Test(arguments: 0..<25 as Range<UInt64>, roles)
    func `at the end of any history nothing is left unanswered`(seed: UInt64, role: PublishingRole) {
        var model = Self.walk(seed, role)
        model.end()
        #expect(model.held == 0)
    }

    @Test func `these histories lead to everything that a connection does`() {
        var deeds: [String: Set<String>] = [:]
        for role in Self.roles {
            let name = String("\(role)".prefix { $0 != "(" })
            for seed in 0..<10 as Range<UInt64> {
                deeds[name, default: []].formUnion(Self.walk(seed, role).deeds)
            }
        }
        let everywhere: Set = [
            "answer", "refuse", "openChannel", "selectConfirms", "closeChannel", "confirmChannelClose",
            "breakConnection", "arm", "log",
        ]
        #expect(deeds["alone"] == everywhere.union(["answerAll"]))
        #expect(deeds["regular"] == everywhere.union(["handOver", "suspectLate", "retire"]))
        #expect(deeds["suspects"] == everywhere.union(["changeOrder"]))
    }

    @Test func `the same history leads to the same state`() {
        let state = Self.walk(1, .regular).state
        #expect(Self.walk(1, .regular).state == state)
        #expect(Self.walk(2, .regular).state != state)
    }
}
