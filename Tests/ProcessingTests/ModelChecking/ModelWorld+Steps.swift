@testable import Processing

/// What can happen next.
extension ModelWorld {
    /// - Parameter faults: also what nobody hopes for.
    func steps(faults: Bool) -> [ModelStep] {
        var steps: [ModelStep] = []
        for host in self.hosts.indices where !self.hosts[host].isOver { self.addSteps(of: host, faults, &steps) }
        for message in self.broker.delayed { steps.append(.delayIsOver(message.number)) }
        for queue in 0..<2 {
            if !self.broker.queues[queue].answers { steps.append(.resume(queue: queue)) }
            if faults, self.budget.suspend > 0, self.broker.queues[queue].answers {
                steps.append(.suspend(queue: queue))
            }
        }
        if self.hosts.contains(where: { !$0.timers.isEmpty }) { steps.append(.tick) }
        if faults, self.budget.republish > 0 { steps.append(.republish(.sameOrderOfAnotherSource)) }
        return steps
    }

    private func addSteps(of host: Int, _ faults: Bool, _ steps: inout [ModelStep]) {
        let state = self.hosts[host]
        if state.isConnected {
            for consumer in state.consumers where self.broker.queues[consumer.queue].answers {
                if consumer.phase == .wanted, !consumer.isActive { steps.append(.activate(consumer.id)) }
                if !consumer.outbox.isEmpty { steps.append(.arrive(consumer.id)) }
                let held = self.broker.queues[consumer.queue].held.count { $0.holder == consumer.id }
                let queue = self.broker.queues[consumer.queue]
                if consumer.isActive, held < consumer.prefetch, !queue.ready.isEmpty, queue.delivers(to: consumer.id) {
                    steps.append(.deliver(consumer.id))
                }
            }
            if faults, self.budget.loseConnection > 0 { steps.append(.loseConnection(host: host)) }
        } else {
            steps.append(.reconnect(host: host))
        }
        for publish in state.publishes where self.broker.queues[publish.queue].answers {
            if !publish.hasArrived {
                steps.append(.publishArrives(host: host, publish.settlement, queue: publish.queue))
            } else {
                steps.append(.confirm(host: host, publish.settlement, queue: publish.queue))
                if faults, self.budget.loseConfirm > 0 {
                    steps.append(.loseConfirm(host: host, publish.settlement, queue: publish.queue))
                }
            }
        }
        for run in state.runs {
            if !run.hasBegun { steps.append(.begin(host: host, queue: run.queue, run.id)) }
            steps.append(.succeed(host: host, queue: run.queue, run.id))
            if faults, self.budget.fail > 0 { steps.append(.fail(host: host, queue: run.queue, run.id)) }
        }
        for queue in 0..<2 {
            for slot in state.starting[queue] { steps.append(.ready(host: host, queue: queue, slot)) }
            guard faults, !state.drained.contains(queue) else { continue }
            if self.budget.unavailable > 0, state.pipelines[queue].slots.current.isReady {
                steps.append(.unavailable(host: host, queue: queue))
            }
            if self.budget.workerDies > 0 { steps.append(.workerDies(host: host, queue: queue)) }
            if self.budget.changeOver > 0, !state.isDraining { steps.append(.changeOver(host: host, queue: queue)) }
        }
        guard faults else { return }
        if self.budget.crash > 0 { steps.append(.crash(host: host)) }
        if self.budget.drain > 0, !state.isDraining { steps.append(.drain(host: host)) }
    }
}
