@testable import Processing

/// What can happen next.
extension ModelWorld {
    /// - Parameter faults: also what nobody hopes for.
    func steps(faults: Bool) -> [ModelStep] {
        var steps: [ModelStep] = []
        for host in self.hosts.indices where !self.hosts[host].isOver { self.addHostSteps(of: host, faults, &steps) }
        for message in self.broker.delayed { steps.append(.delayIsOver(message.number)) }
        for queue in 0..<2 { self.addQueueSteps(of: queue, faults, &steps) }
        if self.hasClocks { steps.append(.tick) }
        if faults, self.budget.allows(.republish) { steps.append(.republish(.sameOrderOfAnotherSource)) }
        return steps
    }

    private func addQueueSteps(of queue: Int, _ faults: Bool, _ steps: inout [ModelStep]) {
        guard self.broker[queue].answers else { return steps.append(.resume(queue: queue)) }
        if self.broker[queue].hasExpired(at: self.time) { steps.append(.drop(queue: queue)) }
        if faults, self.budget.allows(.suspend) { steps.append(.suspend(queue: queue)) }
    }

    private func addHostSteps(of host: Int, _ faults: Bool, _ steps: inout [ModelStep]) {
        if self.hosts[host].isConnected {
            if faults, self.budget.allows(.loseConnection) { steps.append(.loseConnection(host: host)) }
        } else {
            steps.append(.reconnect(host: host))
        }
        for queue in 0..<2 {
            let place = ModelPlace(host: host, queue: queue)
            if self.broker[queue].answers {
                self.addConsumerSteps(of: place, &steps)
                self.addPublishSteps(of: place, faults, &steps)
            }
            self.addInvokerSteps(of: place, faults, &steps)
            self.addOperatorSteps(of: place, faults, &steps)
        }
        guard faults else { return }
        if self.budget.allows(.crash) { steps.append(.crash(host: host)) }
        if self.budget.allows(.drain), !self.hosts[host].isGoingDown { steps.append(.drain(host: host)) }
    }

    private func addConsumerSteps(of place: ModelPlace, _ steps: inout [ModelStep]) {
        guard self.hosts[place.host].isConnected else { return }
        let queue = self.broker[place.queue]
        for consumer in self[place].consumers {
            if consumer.phase == .wanted, !consumer.isActive { steps.append(.activate(consumer.id)) }
            if !consumer.outbox.isEmpty { steps.append(.arrive(consumer.id)) }
            guard consumer.isActive, !queue.ready.isEmpty, queue.delivers(to: consumer.id) else { continue }
            if queue.count(heldBy: consumer.id) < consumer.prefetch { steps.append(.deliver(consumer.id)) }
        }
    }

    private func addPublishSteps(of place: ModelPlace, _ faults: Bool, _ steps: inout [ModelStep]) {
        for publish in self[place].publishes {
            let settling = ModelStep.Settling(
                place: place,
                owner: publish.id.owner,
                settlement: publish.id.settlement
            )
            if publish.hasArrived {
                steps.append(.confirm(settling))
                if faults, self.budget.allows(.loseConfirm) { steps.append(.loseConfirm(settling)) }
            } else {
                steps.append(.publishArrives(settling))
                if faults, self.budget.allows(.refuse) {
                    steps += [.refuse(settling, isTooLarge: false), .refuse(settling, isTooLarge: true)]
                }
            }
            if faults, self.budget.allows(.abandon), self.hosts[place.host].isGoingDown {
                steps.append(.abandon(settling))
            }
        }
    }

    private func addInvokerSteps(of place: ModelPlace, _ faults: Bool, _ steps: inout [ModelStep]) {
        for run in self[place].runs {
            // What waits at an invoker in a pause is not sent.
            if !run.hasBegun, self[place].paused.contains(run.slot) { continue }
            if !run.hasBegun { steps.append(.begin(place, run.id)) }
            steps.append(.succeed(place, run.id))
            guard faults else { continue }
            if self.budget.allows(.fail) { steps.append(.fail(place, run.id)) }
            if self.budget.allows(.putOff) { steps.append(.putOff(place, run.id)) }
            if self.budget.allows(.pause) { steps += ModelPause.allCases.map { .pause(place, run.id, $0) } }
        }
        for slot in self[place].starting { steps.append(.ready(place, slot)) }
        for slot in self[place].paused where self[place].timers[.pause(slot)] == nil {
            steps.append(.reconsider(place, slot))
        }
        guard faults, self[place].standing != .gone else { return }
        if self.budget.allows(.unavailable), self[place].pipeline.slots.current.isReady {
            steps.append(.unavailable(place))
        }
        if self.budget.allows(.workerDies) { steps.append(.workerDies(place)) }
    }

    private func addOperatorSteps(of place: ModelPlace, _ faults: Bool, _ steps: inout [ModelStep]) {
        if self.leavesQueue(place) { steps.append(.leaveQueue(place)) }
        guard faults, !self.hosts[place.host].isGoingDown else { return }
        if self[place].standing == .present {
            if self.budget.allows(.changeOver) { steps.append(.changeOver(place)) }
            if self.budget.allows(.remove) { steps.append(.remove(place)) }
        }
        if self.budget.allows(.bringBack), !self[place].isWanted { steps.append(.bringBack(place)) }
    }
}
