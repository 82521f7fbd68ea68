import Glibc
import Warren

/// Does harm in the way that `BENCH_FAULT` names, once for each event.
struct Misbehave: Function {
    enum Fault: String {
        case crash
        /// Goes on after it was cancelled.
        case hang
        /// 64 MB of lines.
        case flood
        /// Takes memory until there is no more.
        case memory
    }

    private let fault: Fault

    init() async throws {
        guard let name = getenv("BENCH_FAULT"), let fault = Fault(rawValue: String(cString: name)) else {
            throw Rejected("BENCH_FAULT names no fault")
        }
        self.fault = fault
    }

    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        switch self.fault {
        case .crash: fatalError("told to crash")
        case .hang: while true { usleep(1000) }
        case .flood:
            let line = [UInt8](repeating: UInt8(ascii: "x"), count: 127) + [UInt8(ascii: "\n")]
            for _ in 0..<500_000 { _ = write(STDOUT_FILENO, line, line.count) }
        case .memory:
            var blocks: [[UInt8]] = []
            while true { blocks.append([UInt8](repeating: 1, count: 1 << 20)) }
        }
    }
}
