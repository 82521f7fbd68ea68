import EventLoops
import Invoking
import Logging
import WorkerProtocol

/// Finds out which functions a bundle contains, by starting its executable and reading the hello frame.
package enum BundleInspection {
    private static let limit = Duration.seconds(10)

    /// The names of the functions; empty if the executable does not send a valid hello frame within ten seconds.
    package static func functions(of executable: String) async -> Set<String> {
        await withCheckedContinuation { continuation in
            do throws(SystemError) {
                try LoopThread.start(named: "inspect") { continuation.resume(returning: self.inspect(executable)) }
            } catch {
                continuation.resume(returning: [])
            }
        }
    }

    private static func inspect(_ executable: String) -> Set<String> {
        let launch = WorkerLaunch(
            executable: executable,
            function: "",
            environment: [:],
            concurrency: 1,
            workers: 1,
            timeout: .zero
        )
        guard let loop = try? EventLoop() else { return [] }
        var functions: Set<String> = []
        let worker = try? WorkerProcess(
            number: 1,
            launch: launch,
            loop: loop,
            log: WorkerLog(
                loop: loop,
                logger: Logger(label: "inspect") { _ in SwiftLogNoOpLogHandler() },
                metrics: WorkerMetrics(function: ""),
                meter: LogMeter(),
                describe: { _ in nil }
            ),
            handler: { event in
                if case .ended = event { loop.stop() }
            }
        )
        guard let worker else { return [] }
        worker.onHello = { hello in
            functions = Set(hello.functions)
            worker.kill(because: "it was only asked what it holds")
        }
        loop.schedule(after: self.limit) { worker.kill(because: "it did not answer") }
        loop.run()
        worker.onHello = nil
        return functions
    }
}
