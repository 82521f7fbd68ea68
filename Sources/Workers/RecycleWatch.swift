import EventLoops
import Glibc
import Manifests
import Messaging

/// Why a worker is replaced.
enum RecycleReason: CustomStringConvertible {
    case age
    case events
    /// Bytes.
    case memory(Int)
    case cpuTime(Duration)

    var description: String {
        switch self {
        case .age: "it has reached its maximum age (recycle.afterTime)"
        case .events: "it has run its maximum number of events (recycle.afterEvents)"
        case .memory(let bytes): "it holds \(bytes >> 20) MiB of memory, near its limit (limits.memory)"
        case .cpuTime(let time): "it has used \(time.words) of CPU time, near its limit (limits.cpuTime)"
        }
    }

    /// Whether the reason applies to a worker that has run nothing yet.
    var holdsForUnused: Bool {
        switch self {
        case .age: true
        case .events, .memory, .cpuTime: false
        }
    }
}

/// Watches workers for the reasons to replace them that the manifest names: age, memory and CPU time. A worker that
/// comes near a hard limit is replaced between events, before the limit ends it in the middle of one. Confined to one
/// loop.
final class RecycleWatch {
    /// The fraction of a hard limit at which a worker is replaced.
    static let softPart = 0.8
    private static let longestInterval = Duration.seconds(1)
    private static let shortestInterval = Duration.milliseconds(50)

    private struct Watched {
        let process: pid_t
        let deadline: ContinuousClock.Instant?
    }

    private let loop: EventLoop
    private let softMemory: Int?
    private let softTime: Duration?
    private let lifetime: Duration?
    private let interval: Duration
    /// Called with the worker's number.
    private let expired: (Int, RecycleReason) -> Void
    private var watched: [Int: Watched] = [:]
    private var timer: TimerID?

    init(_ launch: WorkerLaunch, loop: EventLoop, expired: @escaping (Int, RecycleReason) -> Void) {
        self.loop = loop
        self.softMemory = launch.limits.memory.map { Int(Double($0) * Self.softPart) }
        self.softTime = launch.limits.cpuTime.map { $0 * Self.softPart }
        self.lifetime = launch.recycle.afterTime
        // A worker that keeps all processors busy is looked at twice between its soft and its hard limit for CPU time.
        let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let margin = launch.limits.cpuTime.map { $0 * (1 - Self.softPart) / (2 * processors) } ?? Self.longestInterval
        self.interval = max(Self.shortestInterval, min(margin, Self.longestInterval))
        self.expired = expired
    }

    private var hasReason: Bool { self.softMemory != nil || self.softTime != nil || self.lifetime != nil }

    func watch(_ number: Int, process: pid_t) {
        guard self.hasReason else { return }
        // A tenth more or less, so that workers which came together do not go together.
        let deadline = self.lifetime.map { ContinuousClock.now + $0 * Double.random(in: 0.9...1.1) }
        self.watched[number] = Watched(process: process, deadline: deadline)
        if self.timer == nil { self.schedule() }
    }

    func forget(_ number: Int) { self.watched[number] = nil }

    func stop() {
        if let timer = self.timer { self.loop.cancel(timer) }
        self.timer = nil
        self.watched.removeAll()
    }

    private func schedule() {
        self.timer = self.loop.schedule(after: self.interval) { [weak self] in
            guard let self else { return }
            self.timer = nil
            guard !self.watched.isEmpty else { return }
            self.look()
            self.schedule()
        }
    }

    private func look() {
        let now = ContinuousClock.now
        for (number, worker) in self.watched {
            if let reason = self.reason(worker, now) { self.expired(number, reason) }
        }
    }

    private func reason(_ worker: Watched, _ now: ContinuousClock.Instant) -> RecycleReason? {
        if let deadline = worker.deadline, deadline <= now { return .age }
        guard self.softMemory != nil || self.softTime != nil, let use = ResourceUse(of: worker.process) else {
            return nil
        }
        if let limit = self.softMemory, use.resident > limit { return .memory(use.resident) }
        if let limit = self.softTime, use.cpuTime > limit { return .cpuTime(use.cpuTime) }
        return nil
    }
}
