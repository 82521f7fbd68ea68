/// An event's position in a distributed trace, in the two fields of W3C Trace Context.
///
/// Emitted events inherit it. Source: W3C Trace Context, sections 3.2 and 3.3.
public struct TraceContext: Sendable, Hashable {
    /// Trace, span and flags in the format of `traceparent`; `nil` if the event is not part of a trace.
    public let traceParent: String?
    /// Data that tracing systems added, in the format of `tracestate`.
    public let traceState: String?

    /// Creates a trace context from the two fields.
    public init(traceParent: String?, traceState: String? = nil) {
        self.traceParent = traceParent
        self.traceState = traceState
    }
}
