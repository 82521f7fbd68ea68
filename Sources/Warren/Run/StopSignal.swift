import Synchronization

/// Tells a running invocation why its task was cancelled. The signal is raised before the cancellation, so that code
/// which sees the cancellation also sees the reason.
package final class StopSignal: Sendable {
    /// Why an invocation was cancelled.
    package enum Reason: UInt8, Sendable {
        case none = 0
        case deadline = 1
        /// A cancel frame.
        case host = 2
    }

    private let raised = Atomic<UInt8>(Reason.none.rawValue)

    package init() {}

    /// Sets the reason. Only the first one counts.
    package func raise(_ reason: Reason) {
        _ = self.raised.compareExchange(
            expected: Reason.none.rawValue,
            desired: reason.rawValue,
            ordering: .acquiringAndReleasing
        )
    }

    package var reason: Reason { Reason(rawValue: self.raised.load(ordering: .acquiring)) ?? .none }
}
