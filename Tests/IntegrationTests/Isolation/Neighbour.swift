import AMQP
import Glibc
import Messaging
import PatientPolling
import Waiting

/// How long the events of the function `measure` are on the way, from publish to its handler.
struct Neighbour: Sendable {
    static let key = "neighbour"
    private static let perSecond = 200
    /// Events of one tick go out together.
    private static let perTick = 2

    private let bed: TestBed

    init(on bed: TestBed) { self.bed = bed }

    /// Publishes at a steady pace, whatever becomes of what has been published.
    ///
    /// - Parameter name: no two measurements have the same.
    /// - Returns: the milliseconds of every event.
    func times(_ name: String, for duration: Duration) async throws -> [Double] {
        let ticks = Int(duration / .seconds(1) * Double(Self.perSecond / Self.perTick))
        let begin = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for tick in 0..<ticks {
                try await Task.sleep(until: begin + .milliseconds(tick * 1000 * Self.perTick / Self.perSecond))
                group.addTask { try await self.publish(name, tick) }
            }
            try await group.waitForAll()
        }
        let deeds = try await self.bed.journal.wait(for: "measurement \(name)") { deeds in
            deeds.count { $0.event.hasPrefix("\(name)-") } >= ticks * Self.perTick
        }
        let times = deeds.filter { $0.event.hasPrefix("\(name)-") && $0.name.hasPrefix("took-") }
            .compactMap { Double($0.name.dropFirst("took-".count)) }
        guard times.count == ticks * Self.perTick else {
            throw OutOfPatience(description: "\(times.count) of \(ticks * Self.perTick) events were measured")
        }
        return times.map { $0 / 1000 }
    }

    private func publish(_ name: String, _ tick: Int) async throws {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        let microseconds = Int(now.tv_sec) * 1_000_000 + Int(now.tv_nsec) / 1000
        let events = (0..<Self.perTick).map { number in
            self.bed.event(#"{"sent":\#(microseconds)}"#, id: "\(name)-\(tick)-\(number)", key: Self.key)
        }
        let results = await self.bed.broker.publish(events)
        guard results.allSatisfy({ $0 == .confirmed }) else { throw OutOfPatience(description: "\(results)") }
    }
}
