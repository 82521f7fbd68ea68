/// Identifies one run of an event on this host by a run number, and by the place that it takes among the runs at the
/// same time. Places are few and reused, so tables of current runs are arrays; the run number tells a run from earlier
/// ones at its place.
///
/// Public because `PlaceTable` is, for the same reason.
public struct InvocationID: Hashable, Comparable, Sendable {
    /// The form that is sent to workers and back: the run number, and the place in the lower 16 bits.
    public let rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// - Parameter place: below 65,536.
    @inlinable
    public init(run: UInt64, place: Int) { self.rawValue = run << 16 | UInt64(place) }

    /// Orders by the moment at which the runs began.
    @inlinable
    public static func < (one: InvocationID, other: InvocationID) -> Bool { one.rawValue < other.rawValue }

    @inlinable
    public var run: UInt64 { self.rawValue >> 16 }

    @inlinable
    public var place: Int { Int(self.rawValue & 0xffff) }
}

extension InvocationID: CustomStringConvertible {
    public var description: String { "\(self.rawValue)" }
}
