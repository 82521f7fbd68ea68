import Invoking
import Manifests
import Messaging

@testable import Processing

/// What operators do: versions, functions and hosts that come and go. What `RuntimeState` decides about a function and
/// its queue is taken as given here.
extension ModelWorld {
    mutating func applyOperation(_ step: ModelStep) throws {
        switch step {
        case .changeOver(let place):
            self.budget.spend(.changeOver)
            let slot = InvokerSlot.ID(number: self[place].slots)
            self[place].slots += 1
            try self.tell(.change(self.versions[place.queue], slot), place)
        case .drain(let host):
            self.budget.spend(.drain)
            try self.drain(host)
        case .remove(let place):
            self.budget.spend(.remove)
            self[place].isWanted = false
            self[place].standing = .leaving
            try self.tell(.drain, place)
        case .bringBack(let place):
            self.budget.spend(.bringBack)
            self[place].isWanted = true
            // One that still drains is added when it has ended.
            if self[place].standing == .gone { try self.bringBack(place) }
        default:
            preconditionFailure("every step is applied in one place")
        }
    }

    private mutating func drain(_ host: Int) throws {
        self.hosts[host].isGoingDown = true
        for queue in 0..<2 {
            let place = ModelPlace(host: host, queue: queue)
            guard self[place].standing != .gone else { continue }
            self[place].standing = .leaving
            try self.tell(.drain, place)
        }
        if self.hosts[host].isOver { self.closeConnection(of: host) }
    }

    /// A pipeline has drained.
    mutating func isGone(_ place: ModelPlace) throws {
        if self.hosts[place.host].isOver {
            self.closeConnection(of: place.host)
        } else if self[place].isWanted, !self.hosts[place.host].isGoingDown {
            try self.bringBack(place)
        }
    }

    /// A new pipeline consumes the queue of one that has ended. What that one has left on its way goes on.
    private mutating func bringBack(_ place: ModelPlace) throws {
        var function = self.function(place.queue, life: self[place].life + 1)
        function.consumers = self[place].consumers
        function.publishes = self[place].publishes
        self[place] = function
        try self.bringUp(place)
    }

    // MARK: - Queues that are left

    /// Whether it is time to look at the queue of a function that is gone: what was sent to the broker before has
    /// reached it by then, but for the end of channels that nobody waits for.
    func leavesQueue(_ place: ModelPlace) -> Bool {
        guard self.settings.deletesQueues, self[place].standing == .gone, !self[place].isWanted else { return false }
        return !self[place].hasLeftQueue && self.broker[place.queue].answers
            && self[place].consumers.allSatisfy { $0.outbox.allSatisfy { $0 == .close } }
    }

    /// As `QueueRemoval` does: only a queue that is empty and that nobody consumes goes.
    mutating func leaveQueue(_ place: ModelPlace) throws {
        self[place].hasLeftQueue = true
        let queue = self.broker[place.queue]
        guard !self[place].mustKeepQueue, queue.ready.isEmpty, !queue.hasConsumers else { return }
        try self.checkDeletion(of: place.queue)
        self.broker[place.queue].held.removeAll()
        self.broker[place.queue].exists = false
    }
}
