import Synchronization

/// Tells a running invocation why its task was cancelled. Raised before the cancellation, so that whoever sees the
/// cancellation sees the reason.
package final class StopSignal: Sendable {
    /// Why the host or the clock ended an invocation.
    package enum Reason: UInt8, Sendable {
        case none = 0
        case deadline = 1
        /// A cancel frame.
        case host = 2
    }

    private let raised = Atomic<UInt8>(Reason.none.rawValue)

    package init() {}

    /// The first reason stays.
    package func raise(_ reason: Reason) {
        _ = self.raised.compareExchange(
            expected: Reason.none.rawValue,
            desired: reason.rawValue,
            ordering: .acquiringAndReleasing
        )
    }

    package var reason: Reason { Reason(rawValue: self.raised.load(ordering: .acquiring)) ?? .none }
}
