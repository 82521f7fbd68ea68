import Glibc
import Warren

/// Says in the journal how each run began and how it ended, together with what tells its event from all others and
/// which host it ran for: `begun/HOST/SOURCE/CONTENT`, then `ended/…` or `failed/…`.
///
/// The end is written before the host can know of it, so a run that the host starts because another one has ended never
/// seems to have been beside it.
struct Account: Function {
    struct Plan: Decodable, Sendable {
        /// The publisher's own name for what the event says.
        let content: String
        /// How long a run takes.
        let milliseconds: Int
        /// The attempts that fail: so many from the first on.
        let failures: Int
    }

    struct OutOfLuck: Error, CustomStringConvertible {
        var description: String { "out of luck" }
    }

    private let journal: Journal
    private let host = getppid()

    init() async throws { self.journal = try Journal() }

    func handle(_ event: Event<Plan>, context: FunctionContext) async throws {
        let plan = event.payload
        let particulars = "\(self.host)/\(event.source)/\(plan.content)"
        self.journal.note("begun/\(particulars)", event.id, context)
        try await Task.sleep(for: .milliseconds(plan.milliseconds))
        if context.attempt <= plan.failures {
            self.journal.note("failed/\(particulars)", event.id, context)
            throw OutOfLuck()
        }
        self.journal.note("ended/\(particulars)", event.id, context)
    }
}
