/// A worker's limits, as the host wrote them to the environment: `memory=BYTES,openFiles=N,cpuTime=SECONDS`, or any
/// part of that in any order.
struct WorkerLimits: Equatable {
    /// How much memory the function may add to what the process has when it starts, in bytes.
    var memory: UInt64?
    /// The number of open descriptors, including the worker's own.
    var openFiles: UInt64?
    /// CPU time over the worker's life, in seconds.
    var cpuTime: UInt64?

    init(memory: UInt64? = nil, openFiles: UInt64? = nil, cpuTime: UInt64? = nil) {
        self.memory = memory
        self.openFiles = openFiles
        self.cpuTime = cpuTime
    }

    /// Parses the limits. An empty text means that there are none.
    init(parsing text: String) throws(WorkerLimitError) {
        self.init()
        guard !text.isEmpty else { return }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard pair.count == 2, let value = UInt64(pair[1]), value > 0, value <= UInt64(Int64.max) else {
                throw .malformed(String(part))
            }
            switch pair[0] {
            case "memory" where self.memory == nil: self.memory = value
            case "openFiles" where self.openFiles == nil: self.openFiles = value
            case "cpuTime" where self.cpuTime == nil: self.cpuTime = value
            default: throw .malformed(String(part))
            }
        }
    }
}

/// Why a worker's limits could not be enforced.
enum WorkerLimitError: Error, Equatable, CustomStringConvertible {
    /// A part of the text is not a limit, or repeats one.
    case malformed(String)
    /// The kernel refused the limit.
    case refused(limit: String, value: UInt64, reason: String)

    var description: String {
        switch self {
        case .malformed(let part):
            """
            the limit '\(part)' is not one of memory=BYTES, openFiles=N and cpuTime=SECONDS, each at most once with a \
            whole number above 0; start the worker with a host of the same version of Warren
            """
        case .refused(let limit, let value, let reason):
            """
            the limit \(limit)=\(value) was refused: \(reason); lower 'limits.\(limit)' in the manifest or raise the \
            limits that the host runs under
            """
        }
    }
}
