import CLinux
import Glibc

/// A thread with a name and a stack of its own, for a loop or for calls that block.
package enum LoopThread {
    /// librabbitmq decodes nested header tables by recursion; the deepest table that fits one frame needs some ten
    /// megabytes. Untouched stack costs nothing.
    private static let stackSize = 64 << 20

    /// Runs the body on a new thread, which ends with it.
    package static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, self.stackSize)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // The box is owned by the new thread from here on; if there is no thread, it is released below.
        let box = Unmanaged.passRetained(ThreadBody(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            &attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
                // Linux cuts nothing: a name over 15 bytes is refused, so it is cut here.
                _ = warren_set_thread_name(String(start.name.prefix(15)))
                start.body()
                return nil
            },
            box.toOpaque()
        )
        guard status == 0 else {
            box.release()
            throw SystemError("pthread_create", code: status)
        }
    }
}

private final class ThreadBody: Sendable {
    let name: String
    let body: @Sendable () -> Void

    init(name: String, body: @escaping @Sendable () -> Void) {
        self.name = name
        self.body = body
    }
}
