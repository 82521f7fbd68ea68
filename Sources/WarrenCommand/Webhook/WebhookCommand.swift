import ArgumentParser

/// `warren webhook`: tools for both ends of a delivery.
struct WebhookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "webhook",
        abstract: "Tries webhooks, receives them, and makes and checks what they are signed with.",
        subcommands: [
            WebhookPingCommand.self, WebhookListenCommand.self, WebhookVerifyCommand.self, WebhookSecretCommand.self,
        ]
    )
}
