import EventLoops
import Invoking
import Logging
import Processing
import Warren

/// Runs a function's invocations as tasks of this process. For tests only: in a host, user code runs in workers. The
/// task is cancelled at the deadline, but a function that continues is not stopped.
final class InProcessInvoker: Invoker {
    private let runner: FunctionRunner
    private let timeout: Duration
    private let logger: Logger
    private let results: Mailbox<InvocationResult>
    private let loop: EventLoop
    private var handler: (InvokerEvent) -> Void = { _ in }

    init(
        runner: FunctionRunner,
        timeout: Duration,
        loop: EventLoop,
        logger: Logger
    ) throws(SystemError) {
        self.runner = runner
        self.timeout = timeout
        self.logger = logger
        self.loop = loop
        self.results = try Mailbox()
    }

    func start(_ handler: @escaping (InvokerEvent) -> Void) {
        self.handler = handler
        self.results.attach(to: self.loop) { [weak self] results in self?.handler(.results(results)) }
        handler(.ready)
    }

    func invoke(_ invocation: Invocation) {
        let runner = self.runner
        let timeout = self.timeout
        let logger = self.logger
        let results = self.results
        // An unstructured task, because the loop's thread has no task that could be its parent. It ends after its one
        // result.
        Task {
            let run = await InProcessRun.perform(invocation, on: runner, timeout: timeout, logger: logger)
            results.send(
                InvocationResult(id: invocation.id, outcome: run.outcome, nanoseconds: run.nanoseconds)
            )
        }
    }

    func withdraw() -> [InvocationID] { [] }

    func stop(_ completion: @escaping () -> Void) {
        self.results.detach(from: self.loop)
        completion()
    }
}
