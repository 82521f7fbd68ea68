import EventLoops

/// Feeds events to a state machine, one after the other, and has the actions carried out that it returns. Confined to
/// one loop.
///
/// Events are handled one after the other, never one inside another: what an action leads to at once waits until the
/// actions before it have been carried out.
final class Driver<State: StateMachine> {
    private(set) var state: State
    private let clock: WallClock
    private var events: [State.Event] = []
    private var actions: [State.Action] = []
    /// Those of the event at hand. Both lists keep their room, so that nothing is allocated for an event.
    private var performing: [State.Action] = []
    private var isHandling = false

    init(_ state: State, clock: WallClock) {
        self.state = state
        self.clock = clock
    }

    var now: Moment { Moment(instant: .now, milliseconds: self.clock.milliseconds) }

    func handle(_ event: State.Event, _ perform: (State.Action) -> Void) {
        self.events.append(event)
        guard !self.isHandling else { return }
        self.isHandling = true
        var next = 0
        while next < self.events.count {
            let event = self.events[next]
            next += 1
            self.state.handle(event, at: self.now, &self.actions)
            swap(&self.actions, &self.performing)
            for action in self.performing { perform(action) }
            self.performing.removeAll(keepingCapacity: true)
        }
        self.events.removeAll(keepingCapacity: true)
        self.isHandling = false
    }

    /// Gives the answer to the action that is being carried out, before anything else can happen. It may want nothing
    /// done.
    func answer(_ event: State.Event) {
        let count = self.actions.count
        self.state.handle(event, at: self.now, &self.actions)
        precondition(self.actions.count == count, "an answer wants nothing done")
    }
}
