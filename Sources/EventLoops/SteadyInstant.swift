import Glibc

/// An instant on the machine's steady clock (CLOCK_BOOTTIME, which goes on while the machine is suspended), for
/// everything that waits, expires or is late.
///
/// It means the same as `ContinuousClock.Instant`. The standard library may change the layout of that type, so values
/// that hold one are laid out and copied through tables at run time, and every event passes through many such values.
/// This type is an integer.
package struct SteadyInstant: Sendable, Hashable, InstantProtocol {
    /// Nanoseconds since a fixed moment before the process began.
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static var now: SteadyInstant {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return SteadyInstant(nanoseconds: Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec))
    }

    /// Converts an instant of the standard library's clock.
    package init(_ instant: ContinuousClock.Instant) {
        self = SteadyInstant.now.advanced(by: ContinuousClock.now.duration(to: instant))
    }

    package func duration(to other: SteadyInstant) -> Duration {
        let (difference, isTooLong) = other.nanoseconds.subtractingReportingOverflow(self.nanoseconds)
        return .nanoseconds(isTooLong ? (other < self ? .min : .max) : difference)
    }

    package static func < (one: SteadyInstant, other: SteadyInstant) -> Bool { one.nanoseconds < other.nanoseconds }

    /// Clamped to the largest or smallest instant beyond 292 years.
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
