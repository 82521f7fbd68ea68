import Foundation
import PatientPolling

/// A host at work on queues that are full when it starts: how fast it empties them and what that costs.
struct Drain {
    let surroundings: Surroundings
    let manifests: String
    let queues: [String]
    /// More arguments for the host.
    var arguments: [String] = []

    /// Figures of the time in which the queues go from 95 to 5 per cent: not of the start, and not of the end, when
    /// little is left to be busy with. CPU is in microseconds an event, memory in KiB.
    struct Figures {
        var rate = 0.0
        var hostCPU = 0.0
        var handlerCPU = 0.0
        var brokerCPU = 0.0
        var hostResident = 0.0
        var handlerResident = 0.0
    }

    /// Runs a host until it consumes, so that there are queues to fill.
    func declareQueues() async throws {
        let host = try self.startHost()
        try await host.waitUntilConsuming(self.queues, self.surroundings)
        try host.stop()
    }

    /// Runs a host until the queues are empty.
    ///
    /// - Parameters:
    ///   - count: how many events the queues hold together.
    ///   - handler: the process that handles the events for the host, nil as long as it is not there: the worker, or
    ///     the web server that a webhook posts to.
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

    /// Events in all of the queues; nil as long as one of them has no consumer.
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
