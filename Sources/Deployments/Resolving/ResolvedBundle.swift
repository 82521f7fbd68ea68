/// The executable that a manifest's `handler` names.
package enum ResolvedBundle: Sendable, Equatable {
    case found(BundleExecutable)
    /// No worker can be started.
    case missing(reason: String)
}
