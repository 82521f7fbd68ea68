import CLinux
import Glibc

/// One thread's event loop over descriptors, timers and mailboxes.
///
/// Everything that belongs to a loop is created on its thread and never leaves it. That is why this class and the
/// objects built on it are not `Sendable`: the compiler keeps them there, and no lock is needed. Other threads reach a
/// loop only through a `Mailbox`.
package final class EventLoop {
    /// What a descriptor is ready for. An error or a hang-up counts as both, so the next read or write reports it.
    package struct Readiness: Sendable {
        package let isReadable: Bool
        package let isWritable: Bool
    }

    private struct Watcher {
        let descriptor: Int32
        var isReading = true
        var isWriting: Bool
        let handler: (Readiness) -> Void
    }

    private let epoll: Int32
    private var watchers: [UInt64: Watcher] = [:]
    private var keys: [Int32: UInt64] = [:]
    private var nextKey: UInt64 = 1
    private var timers = TimerQueue()
    private var turnEnds: [() -> Void] = []
    /// Objects that have asked to be flushed at the end of this turn.
    private var toBeFlushed: [any Flushable] = []
    /// Objects that are being flushed. Empty between turns; the array keeps its memory.
    private var flushing: [any Flushable] = []
    private var isStopped = false
    private var skipsWaiting = false

    /// Throws when the process has no descriptor left.
    package init() throws(SystemError) {
        self.epoll = epoll_create1(WARREN_EPOLL_CLOEXEC)
        guard self.epoll >= 0 else { throw SystemError("epoll_create1") }
    }

    deinit { _ = Glibc.close(self.epoll) }

    /// Calls the handler on this thread whenever the descriptor is ready (level-triggered). The caller still owns the
    /// descriptor, and must unwatch it before closing it.
    package func watch(_ descriptor: Int32, forWriting: Bool = false, handler: @escaping (Readiness) -> Void) {
        precondition(self.keys[descriptor] == nil, "a descriptor is watched once")
        let key = self.nextKey
        self.nextKey += 1
        let watcher = Watcher(descriptor: descriptor, isWriting: forWriting, handler: handler)
        self.watchers[key] = watcher
        self.keys[descriptor] = key
        self.control(EPOLL_CTL_ADD, watcher, key: key)
    }

    /// Starts or stops waiting for the descriptor to become writable.
    package func setWriting(_ forWriting: Bool, of descriptor: Int32) {
        self.change(descriptor) { $0.isWriting = forWriting }
    }

    /// Starts or stops waiting for the descriptor to become readable. An error or a hang-up is reported in any case.
    package func setReading(_ forReading: Bool, of descriptor: Int32) {
        self.change(descriptor) { $0.isReading = forReading }
    }

    private func change(_ descriptor: Int32, _ body: (inout Watcher) -> Void) {
        guard let key = self.keys[descriptor], var watcher = self.watchers[key] else { return }
        body(&watcher)
        self.watchers[key] = watcher
        self.control(EPOLL_CTL_MOD, watcher, key: key)
    }

    package func unwatch(_ descriptor: Int32) {
        guard let key = self.keys.removeValue(forKey: descriptor), let watcher = self.watchers.removeValue(forKey: key)
        else { return }
        self.control(EPOLL_CTL_DEL, watcher, key: key)
    }

    private func control(_ operation: Int32, _ watcher: Watcher, key: UInt64) {
        var event = epoll_event()
        event.events = (watcher.isReading ? WARREN_EPOLLIN : 0) | (watcher.isWriting ? WARREN_EPOLLOUT : 0)
        event.data.u64 = key
        _ = epoll_ctl(self.epoll, operation, watcher.descriptor, &event)
    }

    /// Runs the body on this thread after the delay, unless it is cancelled before.
    @discardableResult
    package func schedule(after delay: Duration, _ body: @escaping () -> Void) -> TimerID {
        self.timers.schedule(at: .now + delay, body)
    }

    package func cancel(_ timer: TimerID) { self.timers.cancel(timer) }

    /// Flushes the object once at the end of this turn, in the order of asking, however often it asks. The loop keeps
    /// it alive until then. An object that asks while others are flushed, or later, is flushed at the end of the next
    /// turn, which begins at once: so a flush that makes more work cannot keep descriptors and timers waiting.
    package func flushAtTurnEnd(_ flushable: some Flushable) {
        guard !flushable.isToBeFlushed else { return }
        flushable.isToBeFlushed = true
        self.toBeFlushed.append(flushable)
    }

    private func flushAll() {
        guard !self.toBeFlushed.isEmpty else { return }
        swap(&self.toBeFlushed, &self.flushing)
        for flushable in self.flushing {
            flushable.isToBeFlushed = false
            flushable.flush()
        }
        self.flushing.removeAll(keepingCapacity: true)
    }

    /// Runs the body at the end of every turn, after the flushes of `flushAtTurnEnd`.
    package func atTurnEnd(_ body: @escaping () -> Void) { self.turnEnds.append(body) }

    /// Makes the next turn begin without waiting, for an object that holds input which no descriptor announces any
    /// more.
    package func continueAtOnce() { self.skipsWaiting = true }

    /// Ends `run` after the current turn.
    package func stop() { self.isStopped = true }

    /// Runs turns until `stop` is called. `run` may be called again after that.
    package func run() {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while !self.isStopped {
            let isAwaited = self.skipsWaiting || !self.toBeFlushed.isEmpty
            let timeout = isAwaited ? 0 : self.timers.millisecondsToNext()
            self.skipsWaiting = false
            let count = epoll_wait(self.epoll, &events, Int32(events.count), timeout)
            for index in 0..<max(0, Int(count)) {
                let event = events[index]
                // A handler may have unwatched a descriptor that comes later in this turn; keys are never reused.
                guard let watcher = self.watchers[event.data.u64] else { continue }
                let failed = event.events & (WARREN_EPOLLERR | WARREN_EPOLLHUP) != 0
                watcher.handler(
                    Readiness(
                        isReadable: failed || event.events & WARREN_EPOLLIN != 0,
                        isWritable: failed || event.events & WARREN_EPOLLOUT != 0
                    )
                )
            }
            self.runDueTimers()
            self.flushAll()
            for body in self.turnEnds { body() }
        }
        self.isStopped = false
    }

    /// Runs the timers that are due now. A timer that they schedule with no delay waits for the next turn.
    private func runDueTimers() {
        guard !self.timers.isEmpty else { return }
        let now = ContinuousClock.now
        while let body = self.timers.popDue(at: now) { body() }
    }
}
