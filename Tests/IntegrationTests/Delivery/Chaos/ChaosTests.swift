import FoundationEssentials
import Testing
import Waiting

/// Everything at once: events of all kinds, some of which fail or run out of time, while hosts and the broker are
/// killed, connections cut and queues suspended, in an order that a seed chooses.
///
/// Three seeds, with which each fault happens at least once. With the environment variable `WARREN_CHAOS_SEEDS` set to
/// a number, so many: `WARREN_CHAOS_SEEDS=20 swift test --filter ChaosTests`; to two numbers, `7-9`, all from one to
/// the other. One after the other: they share a node, which they kill.
@Suite(.serialized, .hangGuard)
struct ChaosTests {
    private static let seeds: [UInt64] = {
        let text = ProcessInfo.processInfo.environment["WARREN_CHAOS_SEEDS"] ?? ""
        let numbers = text.split(separator: "-").compactMap { UInt64($0) }
        guard let last = numbers.last else { return [7, 8, 9] }
        return Array((numbers.count > 1 ? numbers[0] : 1)...max(last, 1))
    }()

    @Test(arguments: seeds)
    func `no event is lost and none runs beside itself, whatever is killed, cut or suspended`(
        seed: UInt64
    ) async throws {
        try await TestBed.use(.tormented) { bed in try await ChaosRun.run(seed: seed, on: bed) }
    }
}

extension SharedBroker {
    /// For the tests that do everything to the node.
    fileprivate static let tormented = SharedBroker()
}
