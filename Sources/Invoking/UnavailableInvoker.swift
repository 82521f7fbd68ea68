/// Stands in for the workers of a function that cannot be started before somebody fixes its environment, such as a
/// missing variable: its queue is declared and keeps its events, and its status says why they wait.
package final class UnavailableInvoker: Invoker {
    private let reason: String

    package init(reason: String) { self.reason = reason }

    package func start(_ handler: @escaping (InvokerEvent) -> Void) {
        handler(.unavailable(reason: self.reason, notRun: []))
    }

    package func invoke(_ invocation: Invocation) {
        preconditionFailure("invocations come to an invoker that has said that it is ready")
    }

    package func withdraw() -> [InvocationID] { [] }

    package func stop(_ completion: @escaping () -> Void) { completion() }
}
