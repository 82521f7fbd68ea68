import Foundation
import PatientPolling

/// Measures a host that works off queues which are full when it starts: how fast it empties them, and what that costs.
struct Drain {
    let surroundings: BenchContext
    let manifests: String
    let queues: [String]
    /// Additional arguments for the host.
    var arguments: [String] = []

    /// Figures for the time in which the queues go from 95 to 5 percent full. This excludes the start, and the end,
    /// when little work is left. CPU time is in microseconds per event, memory in KiB.
    struct Figures {
        var rate = 0.0
        var hostCPU = 0.0
        var handlerCPU = 0.0
        var brokerCPU = 0.0
        var hostResident = 0.0
        var handlerResident = 0.0
    }

    /// Runs a host until it consumes, so that the queues exist and can be filled.
    func declareQueues() async throws {
        let host = try self.startHost()
        try await host.waitUntilConsuming(self.queues, self.surroundings)
        try host.stop()
    }

    /// Runs a host until the queues are empty.
    ///
    /// - Parameters:
    ///   - count: the number of events in all queues together.
    ///   - handler: returns the process that handles the events for the host, which is the worker, or the web server
    ///     that a webhook posts to; `nil` until the process exists.
    func run(_ count: Int, handler: (HostUnderTest) -> ProcessUsage?) async throws -> Figures {
        let host = try self.startHost()
        let begin = try await self.sample(host, handler, when: count * 95 / 100)
        let end = try await self.sample(host, handler, when: count * 5 / 100)
        _ = try await self.sample(host, handler, when: 0)
        try host.stop()
        let events = Double(begin.ready - end.ready)
        let seconds = begin.time.duration(to: end.time) / .seconds(1)
        return Figures(
            rate: events / seconds,
            hostCPU: (end.host - begin.host) / events,
            handlerCPU: (end.handler - begin.handler) / events,
            brokerCPU: (end.broker - begin.broker) / events,
            hostResident: end.hostResident,
            handlerResident: end.handlerResident
        )
    }

    private func startHost() throws -> HostUnderTest {
        try HostUnderTest(self.surroundings, manifests: self.manifests, arguments: self.arguments)
    }

    private struct Sample {
        let time: ContinuousClock.Instant
        let ready: Int
        let host: Double
        let handler: Double
        let broker: Double
        let hostResident: Double
        let handlerResident: Double
    }

    private func sample(
        _ host: HostUnderTest,
        _ handler: (HostUnderTest) -> ProcessUsage?,
        when ready: Int
    ) async throws -> Sample {
        try await poll(for: "the queues to empty", every: .milliseconds(10), within: .seconds(300)) {
            guard let left = try await self.ready(), left <= ready, let handler = handler(host) else { return nil }
            return Sample(
                time: .now,
                ready: left,
                host: host.usage.cpuMicroseconds,
                handler: handler.cpuMicroseconds,
                broker: self.surroundings.brokerUsage.cpuMicroseconds,
                hostResident: host.usage.residentKiB,
                handlerResident: handler.residentKiB
            )
        }
    }

    /// The number of events in all queues; `nil` until each queue has a consumer.
    private func ready() async throws -> Int? {
        var ready = 0
        for queue in self.queues {
            guard let inspection = try await self.surroundings.inspect(queue), inspection.consumers > 0 else {
                return nil
            }
            ready += inspection.ready
        }
        return ready
    }
}
