import ArgumentParser
import Messaging

/// The command `warren`. Each subcommand has its own file.
struct WarrenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warren",
        abstract: "Runs Swift functions, and delivers to webhooks, when events arrive on RabbitMQ.",
        discussion: """
            Exit codes: 0 done, 1 failed, 2 manifests invalid, 3 event unroutable, 4 broker unreachable, 64 usage.
            """,
        subcommands: [
            DevCommand.self, RunCommand.self, ValidateCommand.self, PlanCommand.self, PublishCommand.self,
            InvokeCommand.self, WebhookCommand.self,
        ]
    )
}

/// The exit codes of `warren`; 64, for usage, is ArgumentParser's own.
enum CommandExit {
    static let failed = ExitCode(1)
    static let manifestsInvalid = ExitCode(2)
    static let unroutable = ExitCode(3)
    static let brokerUnreachable = ExitCode(4)

    /// The exit code for a broker error.
    static func code(for error: BrokerError) -> ExitCode {
        switch error.kind {
        case .unreachable, .accessRefused: self.brokerUnreachable
        case .mismatch, .locked, .notFound, .protocolViolation, .closed: self.failed
        }
    }
}
