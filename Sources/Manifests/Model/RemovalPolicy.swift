/// What happens to a function's queue when its manifest is removed from a running host.
package enum RemovalPolicy: String, Sendable, Hashable, CaseIterable {
    /// The queue stays, and goes on collecting events for a function that may come back.
    case keep
    /// The queue is deleted if it is empty; otherwise it stays.
    case delete
}
