import EventLoops
import Invoking
import Manifests
import Messaging
import Topology

@testable import Processing

/// What follows from what happens, checked against the promises.
extension ModelWorld {
    mutating func apply(_ step: ModelStep) throws {
        switch step {
        case .activate(let id):
            guard let index = self.consumer(id) else { return }
            self.hosts[id.host].consumers[index].isActive = true
            self.broker.queues[self.hosts[id.host].consumers[index].queue].add(id)
            try self.tell(.active(id.subscription), id.host, self.hosts[id.host].consumers[index].queue)
        case .deliver(let id): try self.deliver(id)
        case .arrive(let id): try self.arrive(id)
        case .publishArrives(let host, let id, let queue): self.publishArrives(host, id, queue)
        case .confirm(let host, let id, let queue):
            self.hosts[host].publishes.removeAll { $0.settlement == id && $0.queue == queue }
            try self.tell(.settled(id, .settled), host, queue)
        case .delayIsOver(let number):
            guard let index = self.broker.delayed.firstIndex(where: { $0.number == number }) else { return }
            let message = self.broker.delayed.remove(at: index)
            self.broker.queues[message.event.queue].ready.append(message)
        case .republish(let event):
            self.budget.republish -= 1
            self.publish(event)
        case .ready(let host, let queue, let slot):
            self.hosts[host].starting[queue].remove(slot)
            try self.tell(.invoker(slot, .ready), host, queue)
        case .begin(let host, let queue, let id):
            guard let index = self.run(id, host, queue) else { return }
            self.hosts[host].runs[index].hasBegun = true
        case .succeed(let host, let queue, let id): try self.end(host, queue, id, succeeds: true)
        case .fail(let host, let queue, let id):
            self.budget.fail -= 1
            try self.end(host, queue, id, succeeds: false)
        default: try self.applyFault(step)
        }
    }

    private mutating func applyFault(_ step: ModelStep) throws {
        switch step {
        case .loseConnection(let host):
            self.budget.loseConnection -= 1
            try self.loseConnection(host)
        case .reconnect(let host):
            self.hosts[host].isConnected = true
        case .loseConfirm(let host, let id, let queue):
            self.budget.loseConfirm -= 1
            try self.loseConfirm(host, id, queue)
        case .crash(let host):
            self.budget.crash -= 1
            try self.restart(host)
        case .unavailable(let host, let queue):
            self.budget.unavailable -= 1
            let slot = self.hosts[host].pipelines[queue].slots.current.id
            let notRun = self.hosts[host].runs.filter { $0.queue == queue && $0.slot == slot }.map(\.id)
            self.hosts[host].runs.removeAll { $0.queue == queue && $0.slot == slot }
            self.hosts[host].starting[queue].insert(slot)
            try self.tell(.invoker(slot, .unavailable(reason: "no worker", notRun: notRun)), host, queue)
        case .workerDies(let host, let queue):
            self.budget.workerDies -= 1
            let slot = self.hosts[host].pipelines[queue].slots.current.id
            try self.tell(.invoker(slot, .workerDied(reason: "killed")), host, queue)
        case .suspend(let queue):
            self.budget.suspend -= 1
            self.broker.queues[queue].answers = false
        case .resume(let queue):
            self.broker.queues[queue].answers = true
        case .changeOver(let host, let queue):
            self.budget.changeOver -= 1
            let slot = InvokerSlot.ID(number: self.hosts[host].slots)
            self.hosts[host].slots += 1
            try self.tell(.change(self.version(queue), slot), host, queue)
        case .drain(let host):
            self.budget.drain -= 1
            for queue in 0..<2 { try self.tell(.drain, host, queue) }
        case .tick:
            try self.tick()
        default:
            preconditionFailure("every step is applied in one of two places")
        }
    }

    /// The host is gone, and comes up anew.
    mutating func restart(_ host: Int) throws {
        self.closeConnection(of: host)
        self.hosts[host] = ModelHost(life: self.hosts[host].life + 1)
        try self.bringUp(host)
    }

    private mutating func deliver(_ id: ModelConsumer.ID) throws {
        guard let index = self.consumer(id) else { return }
        let queue = self.hosts[id.host].consumers[index].queue
        guard let message = self.broker.queues[queue].take(for: id) else { return }
        let delivery = message.delivery(generation: self.hosts[id.host].generation)
        try self.tell(.delivered([delivery], id.subscription, budget: nil), id.host, queue)
    }

    private mutating func arrive(_ id: ModelConsumer.ID) throws {
        guard let index = self.consumer(id) else { return }
        let queue = self.hosts[id.host].consumers[index].queue
        switch self.hosts[id.host].consumers[index].outbox.removeFirst() {
        case .acknowledge(let number):
            if let message = self.broker.queues[queue].remove(number, of: id) { try self.account(for: message) }
        case .giveBack(let number):
            if let message = self.broker.queues[queue].remove(number, of: id) {
                self.broker.queues[queue].putBack(message)
            }
        case .cancel:
            try self.ended(id, index, queue)
        case .close:
            self.broker.queues[queue].putBack { $0 == id }
            try self.ended(id, index, queue)
        }
    }

    private mutating func ended(_ id: ModelConsumer.ID, _ index: Int, _ queue: Int) throws {
        var events: [PipelineEvent] = []
        self.endConsumer(index, id.host, queue, &events)
        for event in events { try self.tell(event, id.host, queue) }
    }

    /// The broker forgets a message: what it was to lead to must have happened.
    private func account(for message: ModelMessage) throws {
        if self.broker.replaced.contains(message.number) { return }
        let isOwn = message.deliveryCount == 0
        let hasRun = isOwn ? self.finished.contains(message.number) : self.finishedEvents.contains(message.event)
        guard hasRun else { throw BrokenPromise("\(message.event) is acknowledged without a finished run") }
        if message.event.emits, !self.broker.emitted.contains(message.event) {
            throw BrokenPromise("\(message.event) is acknowledged before what it emitted is confirmed")
        }
    }

    private mutating func publishArrives(_ host: Int, _ id: SettlementID, _ queue: Int) {
        guard let index = self.hosts[host].publishes.firstIndex(where: { $0.settlement == id && $0.queue == queue })
        else { return }
        self.hosts[host].publishes[index].hasArrived = true
        let publish = self.hosts[host].publishes[index]
        switch publish.content {
        case .emitted(let event): self.broker.emitted.insert(event)
        case .retry(let message):
            self.broker.replaced.insert(publish.number)
            self.broker.delayed.append(message)
        case .deadLetter(let message):
            self.broker.replaced.insert(publish.number)
            self.broker.dead.append(message)
        }
    }

    private mutating func loseConfirm(_ host: Int, _ id: SettlementID, _ queue: Int) throws {
        guard let index = self.hosts[host].publishes.firstIndex(where: { $0.settlement == id && $0.queue == queue })
        else { return }
        let old = self.hosts[host].publishes[index]
        let content: ModelHost<Policy>.Publish.Content =
            switch old.content {
            case .emitted: old.content
            case .retry(let message): .retry(self.broker.another(message))
            case .deadLetter(let message): .deadLetter(self.broker.another(message))
            }
        self.hosts[host].publishes[index] = .init(
            queue: old.queue,
            settlement: old.settlement,
            number: old.number,
            content: content
        )
    }

    private func run(_ id: InvocationID, _ host: Int, _ queue: Int) -> Int? {
        self.hosts[host].runs.firstIndex { $0.id == id && $0.queue == queue }
    }

    private mutating func end(_ host: Int, _ queue: Int, _ id: InvocationID, succeeds: Bool) throws {
        guard let index = self.run(id, host, queue) else { return }
        let run = self.hosts[host].runs.remove(at: index)
        let outcome: Outcome
        if succeeds {
            self.finished.insert(run.number)
            self.finishedEvents.insert(run.event)
            outcome = .done(emitted: run.event.emits ? [.test("order.emitted")] : [])
        } else {
            outcome = .failed(.test)
        }
        let result = InvocationResult(id: id, outcome: outcome, nanoseconds: 1)
        try self.tell(.invoker(run.slot, .results([result])), host, queue)
    }

    private mutating func loseConnection(_ host: Int) throws {
        self.hosts[host].isConnected = false
        self.hosts[host].generation += 1
        for queue in 0..<2 { self.broker.queues[queue].putBack { $0.host == host } }
        let error = BrokerError(.unreachable, "the connection is lost")
        let consumers = self.hosts[host].consumers
        for index in consumers.indices {
            self.hosts[host].consumers[index].isActive = false
            self.hosts[host].consumers[index].outbox.removeAll()
        }
        for consumer in consumers where consumer.phase != .abandoned {
            try self.tell(.interrupted(consumer.id.subscription, .connection, error), host, consumer.queue)
            if consumer.phase == .leaving, let index = self.consumer(consumer.id) {
                try self.ended(consumer.id, index, consumer.queue)
            }
        }
    }

    private mutating func tick() throws {
        var first: (host: Int, timer: ModelHost<Policy>.Timer, due: Duration)?
        for host in self.hosts.indices {
            for (timer, due) in self.hosts[host].timers {
                let order = (due, host, timer.queue, timer.timer.rank)
                if let best = first, (best.due, best.host, best.timer.queue, best.timer.timer.rank) <= order {
                    continue
                }
                first = (host, timer, due)
            }
        }
        guard let first else { return }
        self.time = max(self.time, first.due)
        self.hosts[first.host].timers[first.timer] = nil
        try self.tell(.due(first.timer.timer), first.host, first.timer.queue)
    }
}

extension PipelineTimer {
    fileprivate var rank: Int {
        switch self {
        case .breaker: 0
        case .head: 1
        case .bytes: 2
        case .drain: 3
        }
    }
}
