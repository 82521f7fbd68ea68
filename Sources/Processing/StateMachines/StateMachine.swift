import EventLoops

/// A state machine as a value: `handle` takes an event and appends the actions that its driver is to carry out. It
/// knows no clock, no thread and no callback, so it can be printed, compared, and walked by a model checker.
///
/// `PoolState` and `ConsumerLifecycle` are such values too. They are older and simpler: a method for each event, which
/// returns its actions, and no driver between them and their owners.
protocol StateMachine {
    associatedtype Event
    associatedtype Action

    /// The one way in; the one way out is `actions`, to which it appends.
    mutating func handle(_ event: Event, at now: Moment, _ actions: inout [Action])
}

/// The time at which something happens: it is handed in, so that the same events lead to the same actions.
struct Moment: Hashable {
    let instant: SteadyInstant
    /// Milliseconds since 1970.
    let milliseconds: Int64
}
