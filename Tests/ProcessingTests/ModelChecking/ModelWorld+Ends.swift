@testable import Processing

/// What must still be possible, from wherever a walk has come to.
extension ModelWorld {
    /// Every host is told to end, and nothing but functions and clocks goes on: the broker says nothing more.
    func drainsWithoutBroker() throws {
        var world = self
        world.budget = [.drain: world.hosts.count]
        for host in world.hosts.indices where !world.hosts[host].isGoingDown { try world.apply(.drain(host: host)) }
        for _ in 0..<2000 {
            guard world.hosts.contains(where: { !$0.isOver }) else { return }
            let step = world.steps(faults: false).first { step in
                switch step {
                case .succeed, .ready: true
                default: false
                }
            }
            try world.apply(step ?? .tick)
        }
        throw BrokenPromise("the drain does not end")
    }

    /// All is well again, or all but one queue: then every event of the others comes to its end.
    ///
    /// - Parameter stuck: the queue that does not answer.
    func comesToItsEnd(stuck: Int? = nil) throws {
        var world = self
        world.budget = [.bringBack: world.places.count]
        for queue in 0..<2 { world.broker[queue].answers = queue != stuck }
        for host in world.hosts.indices where world.hosts[host].isGoingDown { try world.restart(host) }
        for place in world.places where !world[place].isWanted { try world.apply(.bringBack(place)) }
        world.budget = [:]
        for _ in 0..<5000 {
            if world.hasHandled(allBut: stuck) { return }
            let steps = world.steps(faults: false).filter { $0 != stuck.map { ModelStep.resume(queue: $0) } }
            // Clocks last: they can go on for ever.
            guard let step = steps.first(where: { $0 != .tick }) ?? steps.first else { break }
            try world.apply(step)
        }
        throw BrokenPromise("events are left for ever: \(world.broker.queues), \(world.hosts)")
    }

    private func hasHandled(allBut stuck: Int?) -> Bool {
        let queues = self.broker.queues.indices.filter { $0 != stuck }
        let isEmpty = queues.allSatisfy { self.broker[$0].ready.isEmpty && self.broker[$0].held.isEmpty }
        let events = self.settings.events.filter { $0.queue != stuck }
        let away = self.broker.dead + self.broker.parked
        return isEmpty && !self.broker.delayed.contains { $0.event.queue != stuck }
            && events.allSatisfy { event in
                self.finishedEvents.contains(event) || away.contains { $0.event == event }
            }
    }
}
