import EventLoops
import Testing

/// Runs each test on a thread of its own, as a host runs its loop: a test that turns a loop must not hold one of the
/// few threads on which the runtime's tasks are waiting to be run.
struct OwnThread: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    @concurrent func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        guard testCase != nil else { return try await function() }
        try await withTaskExecutorPreference(ThreadExecutor()) { try await function() }
    }
}

extension Trait where Self == OwnThread {
    static var ownThread: Self { OwnThread() }
}

/// A thread for each job.
private final class ThreadExecutor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        do throws(SystemError) {
            try LoopThread.start(named: "test") { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        } catch {
            preconditionFailure("no thread for a test: \(error)")
        }
    }
}
