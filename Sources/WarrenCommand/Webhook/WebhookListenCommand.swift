import ArgumentParser
import Glibc
import Manifests
import NIOCore
import NIOPosix
import UnixSignals

/// `warren webhook listen`: a small receiver for trying things out.
struct WebhookListenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen",
        abstract: "Receives webhooks on 127.0.0.1, prints them, checks signatures, and answers as configured.",
        discussion: """
            For trying things out: it listens on loopback only, to which a host delivers with \
            --allow-network 127.0.0.0/8.
            """
    )

    @Option(help: ArgumentHelp("The port; 0 for a free one.", valueName: "port"))
    var port = 8484
    @OptionGroup var keyOptions: KeyOptions
    @Option(
        name: .customLong("answer"),
        help: ArgumentHelp(
            "The answer to a request: a status, such as 204, 500, 429 or 410, or 'never'. Repeated, the answers are given "
                + "in turn, and the last one to all further requests. (default: 204)",
            valueName: "status"
        )
    )
    var answers: [ReceiverAnswer] = []
    @Option(help: ArgumentHelp("Sent as Retry-After with 429 and 503: seconds or a date.", valueName: "text"))
    var retryAfter: String?
    @Option(help: ArgumentHelp("How long each answer takes: 250ms, 10s or 5m.", valueName: "duration"))
    var delay: String?
    @Flag(help: "Print JSON instead of text for people.")
    var json = false

    func validate() throws {
        guard (0...65_535).contains(self.port) else { throw ValidationError("--port must be a number from 0 to 65535") }
        if let retryAfter = self.retryAfter {
            do throws(HTTPField.Problem) {
                try HTTPField.checkValue(retryAfter)
            } catch {
                throw ValidationError("--retry-after: \(error)")
            }
        }
        _ = try self.pause()
    }

    private func pause() throws -> Duration {
        guard let delay = self.delay else { return .zero }
        do throws(ManifestDuration.Problem) {
            return try ManifestDuration.parse(delay)
        } catch {
            throw ValidationError("--delay: \(error); write it as \(ManifestDuration.examples)")
        }
    }

    func run() async throws {
        let script = ReceiverScript(answers: self.answers, retryAfter: self.retryAfter, delay: try self.pause())
        let report = ReceivedReport(verifier: try self.keyOptions.verifier(), json: self.json)
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let receiver: WebhookReceiver
        do {
            receiver = try await WebhookReceiver(port: self.port, script: script, report: report)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            Terminal.error("error: port \(self.port) of 127.0.0.1 is in use; choose another one with --port")
            throw CommandExit.failed
        } catch {
            Terminal.error("error: cannot listen on port \(self.port) of 127.0.0.1: \(error)")
            throw CommandExit.failed
        }
        Terminal.error("listening on http://127.0.0.1:\(receiver.port)/")
        let serving = Task { try await receiver.serve() }
        for await _ in signals { break }
        serving.cancel()
    }
}
