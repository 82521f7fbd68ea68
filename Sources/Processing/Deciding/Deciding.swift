import Polling

/// A thing with states, as a value: it takes what happened and returns what is to be done. It knows no clock, no thread
/// and no callback, so it can be printed, compared, and walked by a model checker.
protocol Deciding {
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
