import Manifests
import Messaging
import Synchronization
import Testing
import Topology

@testable import Processing

/// The ways that failed events take back to their queues.
@Suite(.ownThread)
struct DelayLevelsTests {
    /// Looks at levels of which those given exist.
    ///
    /// - Returns: the highest that was found, and how many were looked at.
    private static func look(_ existing: some Collection<Int>) -> (highest: Int, looks: Int) {
        var levels = DelayLevels()
        var looks = 0
        while let level = levels.next {
            looks += 1
            levels.looked(at: level, exists: existing.contains(level))
        }
        return (levels.highest, looks)
    }

    @Test func `levels are looked at from the lowest up, past a few that are missing`() {
        #expect(Self.look([]) == (-1, DelayLevels.gap))
        #expect(Self.look(0...5) == (5, 6 + DelayLevels.gap))
        #expect(Self.look([0, 3, 4]) == (4, 5 + DelayLevels.gap))
        #expect(Self.look(0..<DelayRoute.levels) == (DelayRoute.levels - 1, DelayRoute.levels))
    }

    @Test func `an answer that comes twice changes nothing`() {
        var levels = DelayLevels()
        levels.looked(at: 0, exists: true)
        levels.looked(at: 0, exists: false)
        #expect(levels.next == 1 && levels.highest == 0)
    }

    @Test func `what failed events pass on their way back is declared again and again`() throws {
        let rig = try Rig([.test()], waysBackInterval: .milliseconds(20))
        try rig.start()
        let end = BindingDeclaration(
            source: Rig.names.delayDone,
            routingKey: DelayRoute.pattern(for: "t.f"),
            destination: .queue("t.f")
        )
        try rig.run("the binding") { $0.observed.bindings.contains(end) }
        let removal = Removal(of: end, from: rig.observed)
        try rig.run("its removal") { _ in removal.isDone }
        try rig.run("the binding to be back") { $0.observed.bindings.contains(end) }
    }

    /// Somebody takes a binding away.
    private final class Removal: Sendable {
        private let done = Atomic(false)

        var isDone: Bool { self.done.load(ordering: .relaxed) }

        init(of binding: BindingDeclaration, from broker: ObservedBroker) {
            Task {
                try await broker.remove([.binding(binding)])
                self.done.store(true, ordering: .relaxed)
            }
        }
    }
}
