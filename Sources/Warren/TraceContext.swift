/// The place of an event in a distributed trace, in the two fields that travel with it.
///
/// Emitted events carry it on. Source: W3C Trace Context, sections 3.2 and 3.3.
public struct TraceContext: Sendable, Hashable {
    /// Trace, span and flags, as `traceparent` writes them; nil when the event is not part of a trace.
    public let traceParent: String?
    /// What tracing systems added, as `tracestate` writes it.
    public let traceState: String?

    /// Makes a trace context from the two fields.
    public init(traceParent: String?, traceState: String? = nil) {
        self.traceParent = traceParent
        self.traceState = traceState
    }
}
