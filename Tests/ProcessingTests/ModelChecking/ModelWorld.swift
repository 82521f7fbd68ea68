import EventLoops
import Invoking
import Manifests
import Messaging
import Topology

@testable import Processing

/// One or two hosts, two queues, three events, and a broker that does what RabbitMQ does: see `ModelBroker`. What
/// happens next is chosen by whoever walks it; what follows is checked against the promises at every step.
struct ModelWorld<Policy: PipelinePolicy>: Hashable {
    static var names: TopologyNames { Rig.names }
    /// When the world begins. Only differences count.
    private static var epoch: SteadyInstant { modelEpoch }

    let settings: ModelSettings
    let places: [ModelPlace]
    /// What the function of each queue works by.
    let versions: [PipelineVersion]
    var broker = ModelBroker()
    var hosts: [ModelHost<Policy>] = []
    var budget: ModelBudget
    /// Since the world began.
    var time = Duration.zero

    // The account.
    /// Messages whose run has succeeded.
    var finished: Set<Int> = []
    var finishedEvents: Set<ModelEvent> = []
    /// Messages that nothing of the host's own can take the place of.
    var refused: Set<Int> = []
    /// By the number of the message that was run.
    var eventsOfRuns: [Int: ModelEvent] = [:]

    init(_ settings: ModelSettings, budget: ModelBudget) throws {
        self.settings = settings
        self.places = (0..<settings.hosts).flatMap { host in (0..<2).map { ModelPlace(host: host, queue: $0) } }
        self.versions = try settings.versions()
        self.budget = budget
        self.broker[0].isOrdered = settings.isOrdered
        for event in settings.events { self.publish(event) }
        for host in 0..<settings.hosts {
            self.hosts.append(ModelHost())
            for queue in 0..<2 { self.hosts[host].functions.append(Shared(self.function(queue, life: 0))) }
            try self.bringUp(host)
        }
        // Where everybody is ready and consumes: what is interesting comes later.
        for place in self.places {
            for consumer in self[place].consumers { try self.apply(.activate(consumer.id)) }
        }
    }

    // Everything else follows from what was chosen in the beginning.
    static func == (one: Self, other: Self) -> Bool {
        one.broker == other.broker && one.hosts == other.hosts && one.budget == other.budget && one.time == other.time
            && one.finished == other.finished && one.finishedEvents == other.finishedEvents
            && one.refused == other.refused
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(self.broker)
        hasher.combine(self.hosts)
        hasher.combine(self.budget)
        hasher.combine(self.time)
        hasher.combine(self.finished)
        hasher.combine(self.finishedEvents)
        hasher.combine(self.refused)
    }

    // MARK: - Looking at it

    var now: Moment {
        Moment(instant: Self.epoch + self.time, milliseconds: 1_000_000 + self.time.wholeMilliseconds)
    }

    subscript(place: ModelPlace) -> ModelFunction<Policy> {
        _read { yield self.hosts[place.host].functions[place.queue].value }
        _modify { yield &self.hosts[place.host].functions[place.queue].value }
    }

    func consumer(_ id: ModelConsumer.ID) -> Int? {
        self.hosts[id.place.host].life == id.life ? self[id.place].consumer(id.subscription) : nil
    }

    /// The event that a message brings, wherever the message is.
    func event(of number: Int) throws -> ModelEvent {
        if let event = self.eventsOfRuns[number] { return event }
        for queue in self.broker.queues {
            if let held = queue.value.held.first(where: { $0.message.number == number }) { return held.message.event }
            if let message = queue.value.ready.first(where: { $0.number == number }) { return message.event }
        }
        throw BrokenPromise("message \(number) is known to nobody")
    }

    // MARK: - Publishers

    mutating func publish(_ event: ModelEvent) {
        // Nothing is bound to a queue that is gone.
        guard self.broker[event.queue].exists else { return }
        var message = self.broker.newMessage(event, attempt: 1, event.message(self.settings))
        if event.expires(self.settings) { message.brokerEnd = self.time + ModelSettings.lifetime }
        self.broker[event.queue].ready.append(message)
    }

    // MARK: - Hosts that come and go

    func function(_ queue: Int, life: Int) -> ModelFunction<Policy> {
        let slot = InvokerSlot.ID(number: 0)
        let jitter = SplitMix64(seed: 0)
        let pipeline = PipelineState<Policy>(self.versions[queue], names: Self.names, slot: slot, jitter: jitter)
        return ModelFunction(pipeline, life: life)
    }

    /// The functions that are wanted run.
    mutating func bringUp(_ host: Int) throws {
        for queue in 0..<2 {
            let place = ModelPlace(host: host, queue: queue)
            if self[place].isWanted { try self.bringUp(place) }
        }
    }

    mutating func bringUp(_ place: ModelPlace) throws {
        self.broker[place.queue].exists = true
        try self.tell(.topologyReady, place)
        try self.tell(.invoker(InvokerSlot.ID(number: 0), .ready), place)
    }

    /// The host is gone, and comes up anew.
    mutating func restart(_ host: Int) throws {
        self.closeConnection(of: host)
        var next = ModelHost<Policy>(life: self.hosts[host].life + 1)
        for queue in 0..<2 {
            var function = self.function(queue, life: 0)
            function.isWanted = self[ModelPlace(host: host, queue: queue)].isWanted
            if !function.isWanted { function.standing = .gone }
            // Of a function that it does not know any more it leaves everything alone.
            function.hasLeftQueue = !function.isWanted
            next.functions.append(Shared(function))
        }
        self.hosts[host] = next
        try self.bringUp(host)
    }

    mutating func closeConnection(of host: Int) {
        for queue in 0..<2 {
            self.broker[queue].putBack { $0.place.host == host }
            let place = ModelPlace(host: host, queue: queue)
            self[place].timers.removeAll()
            self[place].consumers.removeAll()
            // What has not been confirmed is gone or not: nobody waits for it.
            self[place].publishes.removeAll()
        }
    }
}

private let modelEpoch = SteadyInstant.now
