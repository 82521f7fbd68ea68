import EventLoops
import Invoking
import Manifests
import Messaging

@testable import Processing

/// What follows from what nobody hopes for, and from what operators do.
extension ModelWorld {
    mutating func applyFault(_ step: ModelStep) throws {
        switch step {
        case .republish(let event):
            self.budget.spend(.republish)
            self.publish(event)
        case .fail(let place, let id):
            self.budget.spend(.fail)
            if let run = self.takeRun(id, place) { try self.end(run, .failed(.test), place) }
        case .putOff(let place, let id):
            self.budget.spend(.putOff)
            if let run = self.takeRun(id, place) { try self.end(run, .later(after: .seconds(1), .test), place) }
        case .pause(let place, let id, let pause):
            self.budget.spend(.pause)
            if let run = self.takeRun(id, place) { try self.pause(run, pause, place) }
        case .loseConnection(let host):
            self.budget.spend(.loseConnection)
            try self.loseConnection(host)
        case .loseConfirm(let settling):
            self.budget.spend(.loseConfirm)
            self.loseConfirm(settling)
        case .refuse(let settling, let isTooLarge):
            self.budget.spend(.refuse)
            try self.refuse(settling, isTooLarge: isTooLarge)
        case .abandon(let settling):
            self.budget.spend(.abandon)
            try self.end(settling, .abandoned)
        case .crash(let host):
            self.budget.spend(.crash)
            try self.restart(host)
        case .unavailable(let place):
            self.budget.spend(.unavailable)
            let slot = self[place].pipeline.slots.current.id
            let notRun = self[place].takeRuns(of: slot, begunToo: true)
            self[place].starting.insert(slot)
            try self.tell(.invoker(slot, .unavailable(reason: "no worker", notRun: notRun)), place)
        case .workerDies(let place):
            self.budget.spend(.workerDies)
            let slot = self[place].pipeline.slots.current.id
            try self.tell(.invoker(slot, .workerDied(reason: "killed")), place)
        case .suspend(let queue):
            self.budget.spend(.suspend)
            self.broker[queue].answers = false
        default: try self.applyOperation(step)
        }
    }

    // MARK: - Endpoints

    /// Of several answers the one that asks for the longest pause counts.
    private mutating func pause(
        _ run: ModelFunction<Policy>.Run,
        _ pause: ModelPause,
        _ place: ModelPlace
    ) throws {
        let timer = ModelFunction<Policy>.Timer.pause(run.slot)
        let end = self[place].timers[timer]
        let isEndless = self[place].paused.contains(run.slot) && end == nil
        self[place].paused.insert(run.slot)
        self[place].timers[timer] = isEndless ? nil : pause.duration.map { max(end ?? .zero, self.time + $0) }
        let until = self[place].timers[timer].map { self.now.instant + ($0 - self.time) }
        let event = InvokerEvent.paused(reason: "429", until: until, notRun: [run.id])
        try self.tell(.invoker(run.slot, event), place)
    }

    // MARK: - The broker

    private mutating func loseConnection(_ host: Int) throws {
        self.hosts[host].isConnected = false
        self.hosts[host].generation += 1
        let places = self.places.filter { $0.host == host }
        for place in places {
            self.broker[place.queue].putBack { $0.place.host == host }
            for index in self[place].consumers.indices {
                self[place].consumers[index].isActive = false
                self[place].consumers[index].outbox.removeAll()
            }
        }
        let error = BrokerError(.unreachable, "the connection is lost")
        for place in places {
            for consumer in self[place].consumers where consumer.phase != .abandoned {
                if consumer.owner == self[place].life {
                    try self.tell(.interrupted(consumer.id.subscription, .connection, error), place)
                }
                if consumer.phase == .leaving, let index = self.consumer(consumer.id) {
                    try self.ended(index, place)
                }
            }
        }
    }

    private mutating func loseConfirm(_ settling: ModelStep.Settling) {
        guard let index = self.publish(settling) else { return }
        var publish = self[settling.place].publishes[index]
        publish.hasArrived = false
        switch publish.content {
        case .emitted: break
        case .retry(let message): publish.content = .retry(self.broker.another(message))
        case .deadLetter(let message): publish.content = .deadLetter(self.broker.another(message))
        }
        self[settling.place].publishes[index] = publish
    }

    private mutating func refuse(_ settling: ModelStep.Settling, isTooLarge: Bool) throws {
        guard let index = self.publish(settling) else { return }
        self.refused.insert(self[settling.place].publishes[index].number)
        let error = BrokerError(.accessRefused, "the exchange may not be written to")
        try self.end(settling, isTooLarge ? .tooLarge : .refused(error))
    }
}
