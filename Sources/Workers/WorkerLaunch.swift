/// How the workers of one function are started.
package struct WorkerLaunch: Sendable {
    /// The bundle's executable.
    package let executable: String
    /// The function within the bundle.
    package let function: String
    /// The whole environment of the worker: what the manifest gives, and nothing of the host's own.
    package let environment: [String: String]
    /// Invocations in flight at once over all workers.
    package let concurrency: Int
    package let workers: Int
    /// How long an invocation may run before its task is cancelled.
    package let timeout: Duration
    /// From the start of a process until its function is initialised; a slower one is ended and started again.
    package let startLimit: Duration

    package init(
        executable: String,
        function: String,
        environment: [String: String],
        concurrency: Int,
        workers: Int,
        timeout: Duration,
        startLimit: Duration = .seconds(30)
    ) {
        self.executable = executable
        self.function = function
        self.environment = environment
        self.concurrency = concurrency
        self.workers = workers
        self.timeout = timeout
        self.startLimit = startLimit
    }
}
