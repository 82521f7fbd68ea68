package import Deployments
package import Manifests

/// How the workers of one function are started, and which limits they have.
package struct WorkerLaunch: Sendable {
    /// The path of the bundle's executable.
    package var executable: String
    /// The build to start, even after the file at the path was replaced; `nil` starts the file that is at the path at
    /// that time.
    package var build: BundleExecutable?
    /// The function within the bundle.
    package var function: String
    /// The complete environment of the worker: what the manifest gives, and nothing of the host's.
    package var environment: [String: String]
    /// The user that the worker runs as; `nil` for the host's own user.
    package var user: UserAccount?
    /// The maximum number of invocations in flight, over all workers.
    package var concurrency: Int
    package var workers: Int
    /// How long an invocation may take, from its arrival in the worker, before the worker cancels its task. "Time
    /// limits" in the article "Retries, delays and dead letters" describes all limits.
    package var timeout: Duration
    /// How long after `timeout` an invocation may continue before the host kills its worker: the time that a cancelled
    /// function has to return.
    package var grace: Duration
    package var batch: BatchPolicy?
    package var limits: ResourceLimits
    package var recycle: RecyclePolicy
    /// The time from the start of a process until its function is initialised. A worker that takes longer is killed and
    /// started again.
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

    /// How long an invocation may be with a worker before the host kills it. An invocation in a batch also waits for
    /// its batch to fill, and for the batch before it.
    var overdueLimit: Duration {
        self.timeout + self.grace + (self.batch.map { $0.wait + self.timeout } ?? .zero)
    }

    /// The number of invocations, or of batches, that one worker runs at once. The pipeline counts invocations over all
    /// workers, but only the worker knows how many batches it runs.
    var lanes: Int { self.batch == nil ? self.concurrency : max(1, self.concurrency / self.workers) }

    /// The launch of the quarantine worker, which runs one suspect at a time.
    var forQuarantine: WorkerLaunch {
        var launch = self
        launch.concurrency = 1
        launch.batch = self.batch.map { _ in BatchPolicy(size: 1, wait: .milliseconds(1)) }
        return launch
    }
}

extension ResourceLimits {
    /// The value of `WorkerProtocolVersion.limitsKey`, which the worker reads and applies before any code of the
    /// function runs; `nil` without limits.
    var environmentValue: String? {
        let parts = [
            self.memory.map { "memory=\($0)" }, self.openFiles.map { "openFiles=\($0)" },
            self.cpuTime.map { "cpuTime=\($0.components.seconds)" },
        ].compactMap { $0 }
        return parts.isEmpty ? nil : parts.joined(separator: ",")
    }
}
