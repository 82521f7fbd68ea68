import Glibc

/// A moment on the steady clock of a machine (CLOCK_BOOTTIME, which goes on while it is suspended), for everything that
/// waits, expires or is late.
///
/// It means what `ContinuousClock.Instant` means. That type belongs to the standard library, which may change its
/// layout: a value that holds one is laid out and copied through tables at run time, and the values on the way of every
/// event hold many. This one is an integer.
package struct SteadyInstant: Sendable, Hashable, InstantProtocol {
    /// Nanoseconds since some moment before the process began.
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static var now: SteadyInstant {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return SteadyInstant(nanoseconds: Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec))
    }

    /// The same moment on another clock.
    package init(_ instant: ContinuousClock.Instant) {
        self = SteadyInstant.now.advanced(by: ContinuousClock.now.duration(to: instant))
    }

    package func duration(to other: SteadyInstant) -> Duration {
        let (difference, isTooLong) = other.nanoseconds.subtractingReportingOverflow(self.nanoseconds)
        return .nanoseconds(isTooLong ? (other < self ? .min : .max) : difference)
    }

    package static func < (one: SteadyInstant, other: SteadyInstant) -> Bool { one.nanoseconds < other.nanoseconds }

    /// Beyond what fits (292 years) it is the end of time.
    package func advanced(by duration: Duration) -> SteadyInstant {
        let (seconds, attoseconds) = duration.components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (nearly, isTooLate) = whole.addingReportingOverflow(self.nanoseconds)
        let (sum, isJustTooLate) = nearly.addingReportingOverflow(attoseconds / 1_000_000_000)
        if isTooLong || isTooLate || isJustTooLate { return SteadyInstant(nanoseconds: seconds < 0 ? .min : .max) }
        return SteadyInstant(nanoseconds: sum)
    }

    package static func + (instant: SteadyInstant, duration: Duration) -> SteadyInstant {
        instant.advanced(by: duration)
    }

    package static func - (instant: SteadyInstant, duration: Duration) -> SteadyInstant {
        instant.advanced(by: .zero - duration)
    }

    package static func - (one: SteadyInstant, other: SteadyInstant) -> Duration { other.duration(to: one) }

    package static func += (instant: inout SteadyInstant, duration: Duration) { instant = instant + duration }
}
