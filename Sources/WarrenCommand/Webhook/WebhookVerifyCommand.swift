import ArgumentParser
import EventLoops
import Manifests
import Processing
import Webhooks

/// `warren webhook verify`: checks the signature of a request that was saved.
struct WebhookVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Checks the signature of a webhook request (Standard Webhooks 1.0.0).",
        discussion: """
            The body comes from --data, from --file, or from standard input: the bytes as they were received. Exit code 0 \
            when the signature is valid, 1 when it is not.
            """
    )

    @Option(help: ArgumentHelp("The value of webhook-id.", valueName: "text"))
    var id: String
    @Option(help: ArgumentHelp("The value of webhook-timestamp.", valueName: "seconds"))
    var timestamp: String
    @Option(help: ArgumentHelp("The value of webhook-signature.", valueName: "text"))
    var signature: String
    @OptionGroup var keyOptions: KeyOptions
    @Option(help: "The body.")
    var data: String?
    @Option(help: ArgumentHelp("A file with the body.", valueName: "path"))
    var file: String?
    @Option(help: ArgumentHelp("How far the timestamp may be from now: a duration, or 'any'.", valueName: "duration"))
    var tolerance = "5m"

    func validate() throws {
        if self.data != nil, self.file != nil { throw ValidationError("give --data or --file, not both") }
        _ = try self.allowedAge()
    }

    private func allowedAge() throws -> Duration? {
        guard self.tolerance != "any" else { return nil }
        do throws(ManifestDuration.Problem) {
            return try ManifestDuration.parse(self.tolerance)
        } catch {
            throw ValidationError("--tolerance: \(error); write it as \(ManifestDuration.examples), or any")
        }
    }

    func run() throws {
        guard let verifier = try self.keyOptions.verifier() else {
            throw ValidationError("give --secret or --secret-file, or set WARREN_WEBHOOK_SECRET")
        }
        let tolerance = try self.allowedAge()
        let body = try self.data.map { Array($0.utf8) } ?? InputFile.payload(self.file)
        do throws(WebhookVerifier.Problem) {
            try verifier.verify(
                id: self.id,
                timestamp: self.timestamp,
                signature: self.signature,
                body: body[...],
                now: WallClock.system.milliseconds / 1000,
                tolerance: tolerance
            )
        } catch {
            Terminal.error("not valid: \(error)")
            throw CommandExit.failed
        }
        Terminal.print("valid")
    }
}
