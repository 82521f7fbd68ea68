internal import FoundationEssentials
internal import Glibc

/// The directory that holds everything a private node writes, locked for as long as any of its processes lives.
struct DataDirectory {
    /// The absolute path, without symbolic links.
    let path: String
    /// Whether it was created for this one run, and is removed after it.
    let isTemporary: Bool
    /// Unique, so that a node which took our port in the meantime is not mistaken for ours. Kept with the data, because
    /// RabbitMQ stores them under the node's name.
    let nodeName: String
    /// The descriptor that holds the lock. The node's processes inherit it, so the directory is free once the last of
    /// them has exited.
    let lock: Int32

    var logPath: String { "\(self.path)/log/broker.log" }
    var enabledPluginsPath: String { "\(self.path)/enabled_plugins" }

    /// - Parameter given: the path; `nil` for a new temporary directory.
    static func open(_ given: String?) async throws(LocalBrokerError) -> DataDirectory {
        let path = if let given { try Self.create(given) } else { try Self.createTemporary() }
        let lock = Glibc.open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else { throw Self.unusable(path) }
        // After a host was killed, its node takes a moment to exit too.
        guard await poll(every: .milliseconds(100), for: .seconds(3), until: { flock(lock, LOCK_EX | LOCK_NB) == 0 })
        else {
            close(lock)
            throw .directoryInUse(path: path)
        }
        do {
            return DataDirectory(
                path: path,
                isTemporary: given == nil,
                nodeName: try Self.prepare(path),
                lock: lock
            )
        } catch {
            close(lock)
            throw .unusableDirectory(path: path, reason: "\(error)")
        }
    }

    /// Releases the lock, and removes a temporary directory.
    func release() {
        close(self.lock)
        if self.isTemporary { try? FileManager.default.removeItem(atPath: self.path) }
    }

    /// The last lines of the node's log.
    func logTail(lines: Int) -> String {
        let text = (try? String(contentsOfFile: self.logPath, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(lines).joined(separator: "\n")
    }

    // Private to this user: whoever can read Erlang's cookie in it controls the node.
    private static func create(_ path: String) throws(LocalBrokerError) -> String {
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
            throw .unusableDirectory(path: path, reason: "it is not a directory")
        }
        do {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        } catch {
            throw .unusableDirectory(path: path, reason: "\(error)")
        }
        guard let resolved = realpath(path, nil) else { throw Self.unusable(path) }
        defer { free(resolved) }
        let absolute = String(cString: resolved)
        try Self.keepOthersOut(of: absolute)
        return absolute
    }

    /// Removes all rights of other users to the directory: it holds the cookie and the payloads of all events that
    /// wait.
    ///
    /// A directory that holds other files is refused instead of changed: it may be `/tmp` or a home directory.
    private static func keepOthersOut(of path: String) throws(LocalBrokerError) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.unusable(path) }
        guard status.st_uid == geteuid() else {
            throw .unusableDirectory(
                path: path,
                reason: "it belongs to another user (uid \(status.st_uid)), who could read the events in it"
            )
        }
        guard status.st_mode & 0o077 != 0 else { return }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard names.isEmpty || names.contains(where: Self.marks.contains) else {
            throw .unusableDirectory(
                path: path,
                reason: "it holds other files and is open to other users, who could read the events in it"
            )
        }
        guard chmod(path, 0o700) == 0 else { throw Self.unusable(path) }
    }

    /// Names that are found only in a node's directory: our own file, and the files that a user may have put there for
    /// the node.
    private static let marks: Set<String> = ["node-name", "rabbitmq.conf", "advanced.config", "rabbitmq-env.conf"]

    private static func createTemporary() throws(LocalBrokerError) -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/warren-broker-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil, let resolved = realpath(template, nil) else { throw Self.unusable(base) }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func prepare(_ path: String) throws -> String {
        try FileManager.default.createDirectory(atPath: "\(path)/log", withIntermediateDirectories: true)
        try "[].\n".write(toFile: "\(path)/enabled_plugins", atomically: true, encoding: .utf8)
        let nameFile = "\(path)/node-name"
        if let name = try? String(contentsOfFile: nameFile, encoding: .utf8), !name.isEmpty { return name }
        let name = "warren-\(String(UInt32.random(in: 0 ... .max), radix: 36))@localhost"
        try name.write(toFile: nameFile, atomically: true, encoding: .utf8)
        return name
    }

    private static func unusable(_ path: String) -> LocalBrokerError {
        .unusableDirectory(path: path, reason: String(cString: strerror(errno)))
    }
}
