/// The protocol between the host and a worker process, over a stream socket that the worker finds as descriptor 3.
///
/// Every frame is `u32 length | u8 kind | u64 invocation | body`, all numbers little-endian. `length` counts what
/// follows it: 9 octets and the body. `invocation` is 0 where a frame does not belong to one. In bodies, `text8`,
/// `text16` and `text32` are a count of octets of that width followed by UTF-8.
///
/// | kind | from | body |
/// |---|---|---|
/// | 1 hello | worker | `u16 protocolVersion, text16 bundleVersion, u16 count, count × text16 functionName, text16 limits` |
/// | 2 start | host | `text16 functionName, u32 concurrency, u8 lowestLogLevel, u32 batchSize, u32 batchWaitMilliseconds` |
/// | 3 ready | worker | empty: the function is initialised, invocations may come |
/// | 4 startFailed | worker | `text32 reason`; the worker exits after it |
/// | 5 invoke | host | see `InvokeFrame` |
/// | 6 result | worker | see `ResultFrame`; exactly one for each invoke, or a notBegun |
/// | 7 cancel | host | empty (reserved, never sent: workers watch their deadlines themselves): cancel this invocation's task, and with it the batch that the invocation is in; its result still follows |
/// | 8 drain | host | empty: no more invocations will come; exit when the last result is written |
/// | 9 log | worker | see `LogFrame` |
/// | 10 notBegun | worker | empty, in place of a result: the invocation's deadline passed before the worker could begin it |
///
/// The worker sends the first frame. If it sends a frame that breaks these rules, the host kills it: a stream cannot be
/// resynchronised. End of file on the socket means that the other side is gone; the worker then exits.
package enum FrameKind: UInt8, Sendable {
    case hello = 1
    case start = 2
    case ready = 3
    case startFailed = 4
    case invoke = 5
    case result = 6
    case cancel = 7
    case drain = 8
    case log = 9
    case notBegun = 10
}

package enum WorkerProtocolVersion {
    /// Raised when a frame's meaning changes. Host and worker must agree exactly.
    package static let current: UInt16 = 2
    /// The descriptor on which a worker finds its socket.
    package static let descriptor: Int32 = 3
    /// The environment variable that the host sets to `1` in a worker. It lets a bundle that was started by hand
    /// explain itself.
    package static let environmentKey = "WARREN_WORKER"
    /// The environment variable with the worker's resource limits, set by the host and removed by the worker:
    /// `memory=BYTES,openFiles=N,cpuTime=SECONDS` or any part of that.
    package static let limitsKey = "WARREN_LIMITS"
}

/// One frame. Its body is a slice of the buffer that it was read into.
package struct Frame: Sendable {
    package let kind: FrameKind
    package let invocation: UInt64
    package let body: ArraySlice<UInt8>
}

/// A frame that breaks the protocol.
package struct FrameError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
