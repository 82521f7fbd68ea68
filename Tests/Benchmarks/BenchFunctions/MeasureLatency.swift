import Glibc
import Synchronization
import Warren

/// Writes how long each event took from its publisher to here, as nanoseconds, one a line, when `BENCH_COUNT` events
/// have come. The publisher's time is in the header `bench-sent-ns`, on the clock that never jumps.
struct MeasureLatency: Function {
    private let collector: Collector

    init() async throws {
        guard let path = getenv("BENCH_OUTPUT"), let count = getenv("BENCH_COUNT"),
            let number = Int(String(cString: count))
        else { throw Rejected("BENCH_OUTPUT and BENCH_COUNT are not set") }
        self.collector = Collector(path: String(cString: path), count: number)
    }

    func handle(_ event: Event<RawPayload>, context: FunctionContext) async throws {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        guard case .integer(let sent)? = event.headers["bench-sent-ns"] else { return }
        self.collector.add(Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) - sent)
    }
}

private final class Collector: Sendable {
    private let path: String
    private let count: Int
    private let latencies = Mutex<[Int64]>([])

    init(path: String, count: Int) {
        self.path = path
        self.count = count
    }

    func add(_ latency: Int64) {
        let complete = self.latencies.withLock { latencies in
            latencies.append(latency)
            return latencies.count == self.count ? latencies : nil
        }
        guard let complete, let file = fopen(self.path + ".part", "w") else { return }
        for latency in complete { fputs("\(latency)\n", file) }
        fclose(file)
        rename(self.path + ".part", self.path)
    }
}
