package import Deployments
package import Manifests

/// How the workers of one function are started, and what is allowed to them.
package struct WorkerLaunch: Sendable {
    /// The path of the bundle's executable.
    package var executable: String
    /// The build that is started, also after the file at the path was replaced; nil starts what is at the path then.
    package var build: BundleExecutable?
    /// The function within the bundle.
    package var function: String
    /// The whole environment of the worker: what the manifest gives, and nothing of the host's own.
    package var environment: [String: String]
    /// The user whose rights the worker has; nil for the host's own.
    package var user: UserAccount?
    /// Invocations in flight at once over all workers.
    package var concurrency: Int
    package var workers: Int
    /// How long an invocation may run before its task is cancelled.
    package var timeout: Duration
    /// How long after that it may go on before its worker is killed: the time for a cancelled function to come to its
    /// end.
    package var grace: Duration
    package var batch: BatchPolicy?
    package var limits: ResourceLimits
    package var recycle: RecyclePolicy
    /// From the start of a process until its function is initialised; a slower one is ended and started again.
    package var startLimit: Duration

    package init(
        executable: String,
        function: String,
        environment: [String: String],
        concurrency: Int,
        workers: Int,
        timeout: Duration,
        grace: Duration = .seconds(2),
        startLimit: Duration = .seconds(30)
    ) {
        self.executable = executable
        self.function = function
        self.environment = environment
        self.concurrency = concurrency
        self.workers = workers
        self.timeout = timeout
        self.grace = grace
        self.user = nil
        self.batch = nil
        self.limits = ResourceLimits()
        self.recycle = RecyclePolicy()
        self.startLimit = startLimit
    }

    /// The workers of a manifest.
    package init(_ manifest: FunctionManifest, executable: String, environment: [String: String]) {
        self.init(
            executable: executable,
            function: manifest.handler.function,
            environment: environment,
            concurrency: manifest.ordered ? 1 : manifest.concurrency,
            workers: manifest.ordered ? 1 : manifest.workers,
            timeout: manifest.timeout,
            grace: manifest.timeoutGrace
        )
        self.batch = manifest.batch
        self.limits = manifest.limits
        self.recycle = manifest.recycle
    }

    /// How long an invocation may be with a worker: one in a batch also waits for company, and for the batch before.
    var overdueLimit: Duration {
        self.timeout + self.grace + (self.batch.map { $0.wait + self.timeout } ?? .zero)
    }

    /// Runs, or batches, at once in one worker. Invocations are counted over all of them by the pipeline, but only a
    /// worker knows how many batches it runs.
    var lanes: Int { self.batch == nil ? self.concurrency : max(1, self.concurrency / self.workers) }

    /// For the worker that runs one suspect at a time.
    var forQuarantine: WorkerLaunch {
        var launch = self
        launch.concurrency = 1
        launch.batch = self.batch.map { _ in BatchPolicy(size: 1, wait: .milliseconds(1)) }
        return launch
    }
}

extension ResourceLimits {
    /// What a worker finds in its environment, and sets before any code of the function runs; nil without limits.
    var environmentValue: String? {
        let parts = [
            self.memory.map { "memory=\($0)" }, self.openFiles.map { "openFiles=\($0)" },
            self.cpuTime.map { "cpuTime=\($0.components.seconds)" },
        ].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ",")
    }
}
