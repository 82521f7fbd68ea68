import Threads

/// Starts threads with a name and a large stack, for a loop or for calls that block.
package enum LoopThread {
    /// librabbitmq decodes nested header tables by recursion; the deepest table that fits one frame needs some ten
    /// megabytes. Untouched stack costs nothing.
    private static let stackSize = 64 << 20

    /// Runs the body on a new thread, which ends with it.
    package static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let code = SystemThread.start(named: name, stackSize: self.stackSize, body)
        guard code == 0 else { throw SystemError("pthread_create", code: code) }
    }
}
