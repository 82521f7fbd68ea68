import ArgumentParser
import Deployments
import EventLoops
import FoundationEssentials
import Logging
import Manifests
import Messaging
import Processing
import Workers

/// `warren invoke`: one local run of a function in a worker, without a broker.
struct InvokeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invoke",
        abstract: "Runs a function once in a worker, without a broker, and prints its outcome and emitted events.",
        discussion: "Exit code 0 when the function is done, 1 for every other outcome."
    )

    @Argument(help: "The manifest's name, or bundle/function.")
    var function: String

    @OptionGroup var namespaceOption: NamespaceOption
    @OptionGroup var manifestOptions: ManifestOptions
    @OptionGroup var logOptions: LogOptions

    @Option(help: "The payload.")
    var data: String?
    @Option(help: ArgumentHelp("A file with the payload.", valueName: "path"))
    var file: String?
    @Option(help: "The routing key. (default: the function's name)")
    var key: String?
    @Option(help: "The event's type. (default: the key)")
    var type: String?
    @Option(help: "The event's id. (default: a new UUID)")
    var id: String?
    @Option(help: "The payload's media type.")
    var contentType = "application/json"
    @Option(help: "How the payload is compressed: gzip, deflate, br or zstd.")
    var contentEncoding: String?
    @Option(help: "The attempt number that the function sees.")
    var attempt = 1

    func validate() throws {
        if self.data != nil, self.file != nil { throw ValidationError("give --data or --file, not both") }
        guard self.attempt >= 1 else { throw ValidationError("--attempt must be 1 or more") }
        try ShortText.check([
            ("--key", self.key), ("--type", self.type), ("--id", self.id), ("--content-type", self.contentType),
            ("--content-encoding", self.contentEncoding),
        ])
    }

    func run() async throws {
        let manifest = try self.manifest()
        let payload = self.withAttributes(try self.data.map { Array($0.utf8) } ?? InputFile.payload(self.file))
        let launch = try self.launch(manifest)
        let delivery = LocalRun.delivery(
            id: self.id,
            type: self.type,
            key: self.key ?? self.function,
            source: "warren-invoke",
            contentType: self.contentType,
            contentEncoding: self.contentEncoding,
            payload: payload
        )
        let logger = self.logOptions.logger()
        let attempt = self.attempt
        let result = await LocalRun.perform(
            delivery,
            attempt: attempt,
            maxAttempts: manifest.retry.maxAttempts,
            makeInvoker: { WorkerPool(launch: launch, loop: $0, clock: .system, logger: logger) }
        )
        switch result {
        case .success(let result):
            try InvocationReport(result).finish(json: self.logOptions.json)
        case .failure(let failure):
            Terminal.error("error: \(failure.reason)")
            throw CommandExit.failed
        }
    }

    /// An envelope says itself what event it is, so options are written into it. What is no envelope stays as it is:
    /// the outcome of the run says what is wrong with it.
    private func withAttributes(_ payload: [UInt8]) -> [UInt8] {
        let given: [EventReader.Attribute: String] = [.id: self.id, .type: self.type].compactMapValues { $0 }
        guard MediaType.isEnvelope(self.contentType), !given.isEmpty else { return payload }
        return (try? EventEnvelope.setting(given, in: payload[...])) ?? payload
    }

    private func manifest() throws -> FunctionManifest {
        if self.function.contains("/") {
            let handler: HandlerReference
            do throws(ManifestName.Problem) {
                handler = try HandlerReference(self.function)
            } catch {
                throw ValidationError("'\(self.function)': \(error)")
            }
            let place = SourceLocation(file: "command line", line: 1, column: 1)
            return FunctionManifest(
                name: handler.function,
                handler: handler,
                keys: [],
                locations: .init(everywhere: place)
            )
        }
        let manifests = try self.manifestOptions.load(
            namespace: self.namespaceOption.namespace,
            json: self.logOptions.json
        )
        switch manifests.first(where: { $0.name == self.function }) {
        case .function(let manifest)?:
            return manifest
        case .webhook?:
            throw ValidationError("'\(self.function)' is a webhook; try it with: warren webhook ping \(self.function)")
        case nil:
            let known = manifests.map(\.name).joined(separator: ", ")
            throw ValidationError(
                "no manifest in \(self.manifestOptions.manifests) is named '\(self.function)'; there are: \(known)"
            )
        }
    }

    private func launch(_ manifest: FunctionManifest) throws -> WorkerLaunch {
        do {
            var launch = WorkerLaunch(
                manifest,
                executable: self.manifestOptions.executable(ofBundle: manifest.handler.bundle),
                environment: try EnvironmentResolution.resolve(
                    manifest.env,
                    manifest: manifest.name,
                    environment: HostName.environment
                )
            )
            launch.concurrency = 1
            launch.workers = 1
            launch.batch = manifest.batch.map { _ in BatchPolicy(size: 1, wait: .milliseconds(1)) }
            launch.user = try self.user(manifest)
            return launch
        } catch let error as EnvironmentResolution.Failure {
            Terminal.error("error: \(error)")
            throw CommandExit.failed
        }
    }

    private func user(_ manifest: FunctionManifest) throws -> UserAccount? {
        do throws(UserAccount.Problem) {
            return try manifest.user.flatMap { name throws(UserAccount.Problem) in try UserAccount.find(name) }
        } catch {
            Terminal.error("error: \(error)")
            throw CommandExit.failed
        }
    }
}
