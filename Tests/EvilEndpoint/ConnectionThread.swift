import Glibc

/// A thread for one connection, so that one that is kept waiting keeps no other one waiting.
enum ConnectionThread {
    /// Runs the body on a new thread, which ends with it.
    static func start(_ body: @escaping @Sendable () -> Void) {
        // The box is owned by the new thread from here on; without a thread there is no process, see below.
        let box = Unmanaged.passRetained(ThreadBody(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument else { return nil }
                // It is the box from above, and this is the only time that it is taken.
                Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            },
            box.toOpaque()
        )
        guard status == 0 else { EvilEndpoint.giveUp("pthread_create says \(status)") }
        pthread_detach(thread)
    }
}

private final class ThreadBody: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}
