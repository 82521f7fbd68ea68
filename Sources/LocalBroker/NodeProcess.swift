internal import Glibc

/// A running node: a process group that never outlives this process.
///
/// The group has three members: the Erlang VM (our child), its private `epmd` unless a cluster shares one, and a
/// watcher. The watcher is a shell that reads from a socket whose other end only this process holds. However this
/// process ends, the kernel closes that end; the watcher then kills the other two and removes temporary data. The
/// watcher belongs to the VM's process group, so the number of that group cannot have been given to another when it
/// kills. Helper programs of the VM are in sessions of their own and end when their pipe to it closes.
///
/// Files that the node writes, which include the payloads of events, are readable only for its user, whatever our
/// caller's umask is.
struct NodeProcess: Sendable {
    private static let script = """
        cd "$HOME" || exit 1
        umask 077
        epmd=
        if [ "$3" = own ]; then
            epmd -port "$ERL_EPMD_PORT" -address 127.0.0.1 3<&- &
            epmd=$!
        fi
        {
            read -r end <&3
            kill -KILL $$ $epmd
            if [ -n "$2" ]; then sleep 1; rm -rf "$2"; fi
        } &
        exec "$1" 3<&-
        """

    private let child: ChildProcess
    /// Our end of the watcher's socket.
    private let leash: Int32

    var pid: pid_t { self.child.pid }
    var hasEnded: Bool { self.child.hasEnded }

    /// - Parameters:
    ///   - truncatesLog: whether to begin a new log.
    ///   - ownsEpmd: whether the node gets an `epmd` of its own.
    static func spawn(
        server: String,
        environment: [String: String],
        directory: DataDirectory,
        truncatesLog: Bool,
        ownsEpmd: Bool = true
    ) throws(LocalBrokerError) -> NodeProcess {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw .system(call: "socketpair", reason: String(cString: strerror(errno)))
        }
        defer { close(ends[1]) }
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(null) }
        let logFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (truncatesLog ? O_TRUNC : 0)
        let log = open(directory.logPath, logFlags, 0o600)
        defer { close(log) }
        do {
            let child = try ChildProcess.spawn(
                [
                    "/bin/sh", "-c", Self.script, "warren-broker", server,
                    directory.isTemporary ? directory.path : "", ownsEpmd ? "own" : "shared",
                ],
                environment: environment,
                descriptors: [null, log, log, ends[1], directory.lock]
            )
            return NodeProcess(child: child, leash: ends[0])
        } catch {
            close(ends[0])
            throw error
        }
    }

    func signal(_ signal: Int32) {
        self.child.signal(signal)
    }

    /// Asks the node to shut down properly, and waits. Kills it after the grace period, or at once without one.
    ///
    /// On return none of its processes is left. Call once.
    func end(grace: Duration?) async {
        if let grace {
            self.child.signal(SIGTERM)
            // A suspended node does not react to SIGTERM.
            self.child.signal(SIGCONT)
            _ = await poll(every: .milliseconds(20), for: grace) { self.hasEnded }
        }
        self.child.signalGroup(SIGKILL)
        _ = await poll(every: .milliseconds(2), for: .seconds(5)) { self.hasEnded }
        self.reap()
    }

    /// Kills the node and waits for it, blocking for a few milliseconds. Call once, instead of ``end(grace:)``.
    func endNow() {
        self.child.signalGroup(SIGKILL)
        self.reap()
    }

    private func reap() {
        self.child.reap()
        close(self.leash)
    }
}
