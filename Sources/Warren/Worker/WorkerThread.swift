import Glibc

/// A thread outside Swift's pool, for work that blocks: functions may hold every thread of the pool.
enum WorkerThread {
    /// Runs `body` on a thread of its own. Returns false when the system has no more threads.
    static func start(_ body: @escaping @Sendable () -> Void) -> Bool {
        // The box is retained for the new thread, which takes it over once.
        let box = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        let failure = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
                return nil
            },
            box.toOpaque()
        )
        guard failure == 0 else {
            box.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
