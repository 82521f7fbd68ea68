import EventLoops
import Invoking
import Messaging
import Processing

/// An invoker inside the test: invocations wait until the test says how they end.
final class ScriptedInvoker: Invoker, Flushable {
    private let loop: EventLoop
    private(set) var pending: [Invocation] = []
    /// All that ever began, in their order.
    private(set) var begun: [Invocation] = []
    private(set) var isStopped = false
    private var handler: (InvokerEvent) -> Void = { _ in }
    /// Whether it reports to be ready as soon as it is started.
    var isReadyAtOnce = true

    private(set) var isReady = false

    var isToBeFlushed = false
    /// How often the end of a turn has come by.
    private(set) var visits = 0
    /// Invocations of which no end of a turn has taken note.
    private(set) var unsent = 0

    init(loop: EventLoop) { self.loop = loop }

    func start(_ handler: @escaping (InvokerEvent) -> Void) {
        self.handler = handler
        if self.isReadyAtOnce { self.becomeReady() }
    }

    func invoke(_ invocation: Invocation) {
        self.pending.append(invocation)
        self.begun.append(invocation)
        self.unsent += 1
        self.loop.flushAtTurnEnd(self)
    }

    func flush() {
        self.visits += 1
        self.unsent = 0
    }

    /// Those that wait, by the test's word.
    var withdrawable = 0

    func withdraw() -> [InvocationID] {
        let withdrawn = self.pending.suffix(self.withdrawable)
        self.pending.removeLast(withdrawn.count)
        self.withdrawable = 0
        return withdrawn.map(\.id)
    }

    func stop(_ completion: @escaping () -> Void) {
        self.isStopped = true
        completion()
    }

    // MARK: - What the test does

    func becomeReady() {
        self.isReady = true
        self.handler(.ready)
    }

    /// Nothing can be run any more; what is pending was not, except for the last `stillRunning`.
    func becomeUnavailable(_ reason: String = "no worker", stillRunning: Int = 0) {
        let notRun = self.pending.dropLast(stillRunning)
        self.pending.removeFirst(notRun.count)
        self.isReady = false
        self.handler(.unavailable(reason: reason, notRun: notRun.map(\.id)))
    }

    /// Whoever would run what is pending has asked for a pause instead.
    func pause(_ reason: String = "asked to wait", for length: Duration? = nil) {
        let notRun = self.pending
        self.pending = []
        let end = length.map { SteadyInstant.now + $0 }
        self.handler(.paused(reason: reason, until: end, notRun: notRun.map(\.id)))
    }

    func die(_ reason: String = "it was told to") { self.handler(.workerDied(reason: reason)) }

    func finish(_ outcome: Outcome) {
        guard !self.pending.isEmpty else { return }
        self.finish(at: 0, outcome)
    }

    func finish(at index: Int, _ outcome: Outcome) {
        let invocation = self.pending.remove(at: index)
        self.handler(.results([InvocationResult(id: invocation.id, outcome: outcome, nanoseconds: 1)]))
    }
}
