package import Processing

/// So that what a `DispatchState` decides can be compared.
extension InvocationResult: Equatable {
    package static func == (one: Self, other: Self) -> Bool {
        one.id == other.id && one.outcome == other.outcome && one.nanoseconds == other.nanoseconds
    }
}
