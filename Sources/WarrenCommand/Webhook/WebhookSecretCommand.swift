import ArgumentParser
import Webhooks

/// `warren webhook secret`: a new secret.
struct WebhookSecretCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secret",
        abstract: "Prints a new secret to sign webhooks with.",
        discussion: """
            Without an option it is a 'whsec_' that sender and receiver share. With --asymmetric it is a 'whsk_' for \
            the sender alone, and, on a second line, the 'whpk_' for receivers.
            """
    )

    @Flag(help: "Print an Ed25519 pair instead of a shared secret.")
    var asymmetric = false

    func run() {
        guard self.asymmetric else { return Terminal.print(NewSecret.symmetric()) }
        let pair = NewSecret.pair()
        Terminal.print("\(pair.private)\n\(pair.public)")
    }
}
