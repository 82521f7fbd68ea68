/// Names one run of an event on this host: the number of the run, and the place that it takes among those that run at
/// the same time. Places are few and used again, so tables of what runs are arrays; the number tells a run from those
/// that had its place before.
///
/// Public because `PlaceTable` is, for the same reason.
public struct InvocationID: Hashable, Comparable, Sendable {
    /// As it goes to workers and back: the number above, the place in the lower 16 bits.
    public let rawValue: UInt64

    @inlinable
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// - Parameter place: below 65,536.
    @inlinable
    public init(run: UInt64, place: Int) { self.rawValue = run << 16 | UInt64(place) }

    /// The order in which runs began.
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
