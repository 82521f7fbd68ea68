import ArgumentParser

/// `warren webhook`: tools for both ends of a delivery.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Tests and receives webhooks, creates secrets, and verifies signatures.",
        subcommands: [
            WebhookPingCommand.self, WebhookListenCommand.self, WebhookVerifyCommand.self, WebhookSecretCommand.self,
        ]
    )
}
