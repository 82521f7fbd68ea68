import CLinux
import Glibc

/// A system thread with a name and a stack of its own, outside of Swift's thread pool: for loops and for calls that
/// block.
package enum SystemThread {
    /// Runs the body on a new thread, which ends with it.
    ///
    /// - Parameters:
    ///   - name: for people who inspect the process; Linux shows its first 15 bytes.
    ///   - stackSize: in bytes; `nil` for the system's default, usually 8 MiB. Untouched stack uses no memory, but
    ///     counts in full towards `RLIMIT_DATA`.
    /// - Returns: 0, or the system's error number when no thread can be created (pthread_create(3)).
    package static func start(
        named name: String,
        stackSize: Int? = nil,
        _ body: @escaping @Sendable () -> Void
    ) -> Int32 {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        if let stackSize { pthread_attr_setstacksize(&attributes, stackSize) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        // From here on the new thread owns the box; if the thread cannot be created, the box is released below.
        let box = Unmanaged.passRetained(ThreadBody(name: name, body: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            &attributes,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue()
                // Linux refuses a name over 15 bytes instead of cutting it, so it is cut here.
                _ = warren_set_thread_name(String(start.name.prefix(15)))
                start.body()
                return nil
            },
            box.toOpaque()
        )
        if status != 0 { box.release() }
        return status
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
