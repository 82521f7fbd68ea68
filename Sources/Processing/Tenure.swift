/// One invoker's time in a pipeline: it is a candidate until it is ready, serves, and is retired when another takes its
/// place; then it ends with the last invocation that it runs.
final class Tenure {
    let invoker: any Invoker
    var isReady = false {
        didSet { self.hasBeenReady = self.hasBeenReady || self.isReady }
    }
    private(set) var hasBeenReady = false
    /// Why nothing can be run.
    var problem: String?
    /// Why nothing is to be run for a while, although it could be.
    var pause: String?
    /// Invocations that it has and has not answered.
    var running = 0

    init(_ invoker: any Invoker) { self.invoker = invoker }
}
