import ArgumentParser
import Webhooks

/// The options for the keys with which signatures are verified.
struct KeyOptions: ParsableArguments {
    private static let variable = "WARREN_WEBHOOK_SECRET"

    @Option(
        name: .customLong("secret"),
        help: ArgumentHelp(
            "The secret ('whsec_') or public key ('whpk_'); may be repeated. Others can see it on the command line: prefer "
                + "--secret-file or the variable. (default: $WARREN_WEBHOOK_SECRET)",
            valueName: "text"
        )
    )
    var secrets: [String] = []

    @Option(
        name: .customLong("secret-file"),
        help: ArgumentHelp("A file with a secret or public key; may be repeated.", valueName: "path")
    )
    var secretFiles: [String] = []

    /// A verifier with all given keys; `nil` if there are none.
    func verifier() throws -> WebhookVerifier? {
        var keys = self.secrets
        for path in self.secretFiles {
            let text = try InputFile.text(path)
            keys.append(text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "")
        }
        var origin = ""
        if keys.isEmpty, let variable = HostName.variable(Self.variable) {
            keys.append(variable)
            origin = "\(Self.variable): "
        }
        guard !keys.isEmpty else { return nil }
        do throws(WebhookVerifier.KeyProblem) {
            return try WebhookVerifier(keys: keys)
        } catch {
            throw ValidationError("\(origin)\(error)")
        }
    }
}
