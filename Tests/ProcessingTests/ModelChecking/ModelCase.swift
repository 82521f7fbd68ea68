import SeededGeneration
import Testing

@testable import Processing

/// A small world and how far to walk in it.
struct ModelCase: CustomTestStringConvertible, CustomStringConvertible, Sendable {
    let description: String
    var settings = ModelSettings()
    let depth: Int
    let budget: ModelBudget
    /// Also whether every state can drain and come to its end; that takes longer than the walk itself.
    var checksEnds = false

    var testDescription: String { self.description }

    func world() throws -> ModelWorld<StandardPolicy> { try ModelWorld(self.settings, budget: self.budget) }

    func check(_ world: ModelWorld<StandardPolicy>) throws {
        guard self.checksEnds else { return }
        try world.drainsWithoutBroker()
        try world.comesToItsEnd()
        try world.comesToItsEnd(stuck: 0)
    }

    /// What belongs to worlds of its own.
    private static let apart: Set<ModelFault> = [.putOff, .pause, .refuse, .abandon, .remove, .bringBack]

    static let exhaustive = [
        ModelCase(
            description: "one host, a lost connection, a lost confirmation and a failure",
            depth: 13,
            budget: [.fail: 1, .loseConnection: 1, .loseConfirm: 1]
        ),
        ModelCase(
            description: "one host with an ordered queue, a lost connection and failures",
            settings: ModelSettings(isOrdered: true),
            depth: 13,
            budget: [.fail: 2, .loseConnection: 1]
        ),
        ModelCase(
            description: "one host, everything once, and the end of each state",
            settings: ModelSettings(invokersQueue: true),
            depth: 4,
            budget: .each(1, but: apart),
            checksEnds: true
        ),
        ModelCase(
            description: "two hosts, everything once",
            settings: ModelSettings(hosts: 2),
            depth: 5,
            budget: .each(1, but: apart.union([.unavailable, .workerDies, .changeOver]))
        ),
        ModelCase(
            description: "two hosts with an ordered queue, a crash and a lost connection",
            settings: ModelSettings(hosts: 2, isOrdered: true),
            depth: 8,
            budget: [.fail: 1, .loseConnection: 1, .crash: 1]
        ),
        // MARK: Pauses
        ModelCase(
            description: "one host, pauses that the endpoint asks for",
            settings: ModelSettings(invokersQueue: true),
            depth: 6,
            budget: [.pause: 2, .fail: 1, .loseConnection: 1, .changeOver: 1, .drain: 1]
        ),
        ModelCase(
            description: "one host with an ordered queue, pauses that the endpoint asks for",
            settings: ModelSettings(isOrdered: true),
            depth: 7,
            budget: [.pause: 2, .fail: 1, .loseConnection: 1, .drain: 1]
        ),
        ModelCase(
            description: "one host, a breaker that opens and probes",
            settings: ModelSettings(hasBreaker: true),
            depth: 8,
            budget: [.fail: 2, .putOff: 1, .loseConnection: 1]
        ),
        ModelCase(
            description: "one host, a breaker, pauses, and the end of each state",
            settings: ModelSettings(hasBreaker: true),
            depth: 5,
            budget: [.fail: 1, .pause: 2, .workerDies: 1, .loseConnection: 1, .changeOver: 1],
            checksEnds: true
        ),
        ModelCase(
            description: "one host and one event, a breaker, a pause, and the end of each state",
            settings: ModelSettings(events: [.sameOrderOfAnotherSource], hasBreaker: true),
            depth: 9,
            budget: [.fail: 2, .pause: 2, .loseConnection: 1],
            checksEnds: true
        ),
        // MARK: Large events
        ModelCase(
            description: "one host, large events that are held through a pause",
            settings: ModelSettings(events: [.order, .sameOrderOfAnotherSource], areLarge: true),
            depth: 7,
            budget: [.pause: 1, .republish: 1]
        ),
        ModelCase(
            description: "one host, large events",
            settings: ModelSettings(areLarge: true),
            depth: 9,
            budget: [.republish: 1, .fail: 1]
        ),
        ModelCase(
            description: "one host, large events, a lost connection and a drain",
            settings: ModelSettings(areLarge: true),
            depth: 7,
            budget: [.fail: 1, .loseConnection: 1, .drain: 1]
        ),
        // MARK: Events whose time ends
        ModelCase(
            description: "one host, an event that expires, failures and pauses",
            settings: ModelSettings(expires: true),
            depth: 7,
            budget: [.fail: 1, .putOff: 1, .pause: 1, .loseConnection: 1]
        ),
        ModelCase(
            description: "one host with an ordered queue, an event that expires",
            settings: ModelSettings(isOrdered: true, expires: true),
            depth: 8,
            budget: [.fail: 1, .pause: 1, .loseConnection: 1]
        ),
        // MARK: Settlements that are refused
        ModelCase(
            description: "one host, settlements that are refused, and a body over the limit",
            settings: ModelSettings(hasOversized: true),
            depth: 9,
            budget: [.fail: 1, .refuse: 2, .loseConnection: 1, .loseConfirm: 1]
        ),
        ModelCase(
            description: "one host, settlements that are refused or abandoned in a drain",
            depth: 7,
            budget: [.fail: 1, .refuse: 1, .abandon: 1, .drain: 1, .loseConnection: 1]
        ),
        // MARK: Functions that go
        ModelCase(
            description: "one host, functions that go and come back",
            depth: 7,
            budget: [.fail: 1, .remove: 2, .bringBack: 1, .suspend: 1, .loseConnection: 1]
        ),
        ModelCase(
            description: "one host, functions that go with their queues",
            settings: ModelSettings(deletesQueues: true),
            depth: 6,
            budget: [.fail: 1, .remove: 2, .bringBack: 1, .loseConnection: 1, .crash: 1]
        ),
        ModelCase(
            description: "one host, a function that goes, and the end of each state",
            settings: ModelSettings(deletesQueues: true),
            depth: 5,
            budget: [.fail: 1, .remove: 1, .bringBack: 1, .suspend: 1],
            checksEnds: true
        ),
    ]
}

/// Worlds for far walks, each made of something else.
extension ModelSettings {
    static func random(using random: inout SeededGenerator) -> ModelSettings {
        func oneOf(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }
        let isAlone = oneOf(3)
        return ModelSettings(
            hosts: isAlone ? 1 : 2,
            invokersQueue: oneOf(2),
            isOrdered: oneOf(3),
            hasBreaker: oneOf(3),
            expires: oneOf(3),
            areLarge: oneOf(3),
            hasOversized: oneOf(6),
            deletesQueues: isAlone && oneOf(2)
        )
    }
}

extension ModelBudget {
    static func random(using random: inout SeededGenerator) -> ModelBudget {
        var budget = ModelBudget()
        for fault in ModelFault.allCases { budget[fault] = Int.random(in: 0..<5, using: &random) }
        // Most worlds last.
        if Int.random(in: 0..<3, using: &random) > 0 { budget[.drain] = 0 }
        return budget
    }
}
