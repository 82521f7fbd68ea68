import Foundation
import LocalBroker
import UnixSignals

/// `make demo`: starts a broker and a host, places orders, shows what becomes of them, and checks the account.
///
/// Exit codes: 0 everything is accounted for, 1 it is not or something could not be started, 130 interrupted.
@main
struct Demo {
    static func main() async {
        let screen = Screen()
        let demonstration = Task { try await Demonstration(screen: screen).run() }
        // Taken before anything is started: what was started is stopped, whenever the signal comes.
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let interruption = Task {
            for await _ in signals { demonstration.cancel() }
        }
        let code = await self.exitCode(demonstration, screen)
        interruption.cancel()
        exit(code)
    }

    private static func exitCode(_ demonstration: Task<[String], any Error>, _ screen: Screen) async -> Int32 {
        do {
            let problems = try await demonstration.value
            for problem in problems { screen.say("  \(screen.bad("wrong:")) \(problem)") }
            return problems.isEmpty ? 0 : 1
        } catch is CancellationError {
            screen.say("interrupted; everything is stopped")
            return 130
        } catch LocalBrokerError.cancelled {
            screen.say("interrupted; everything is stopped")
            return 130
        } catch {
            screen.say("\(screen.bad("error:")) \(error)")
            return 1
        }
    }
}

/// Why the demonstration could not go on.
struct DemoError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
