internal import FoundationEssentials
internal import Glibc

/// One run of `rabbitmqctl`.
enum ControlCommand {
    private static let limit = Duration.seconds(180)

    /// - Returns: its standard output.
    static func run(
        _ executable: String,
        _ arguments: [String],
        environment: [String: String],
        directory: DataDirectory
    ) async throws(LocalBrokerError) -> String {
        let output = try Self.unlinkedFile(in: directory)
        defer { close(output) }
        let errors = try Self.unlinkedFile(in: directory)
        defer { close(errors) }
        let null = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(null) }
        let child = try ChildProcess.spawn(
            [executable] + arguments,
            environment: environment,
            descriptors: [null, output, errors]
        )
        let ended = await poll(every: .milliseconds(20), for: Self.limit) { child.hasEnded || Task.isCancelled }
        let inTime = ended && child.hasEnded
        if !inTime { child.signalGroup(SIGKILL) }
        let status = child.reap()
        guard inTime, status == 0 else {
            let said = [Self.text(of: errors), Self.text(of: output)].filter { !$0.isEmpty }.joined(separator: "\n")
            throw .control(arguments: arguments, status: inTime ? status : nil, output: said)
        }
        return Self.text(of: output)
    }

    /// Opens a file without a name, which is deleted when it is closed. Unlike a pipe it never fills up, so nobody
    /// needs to read it while the command runs.
    private static func unlinkedFile(in directory: DataDirectory) throws(LocalBrokerError) -> Int32 {
        var template = Array("\(directory.path)/control-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else {
            throw .unusableDirectory(path: directory.path, reason: String(cString: strerror(errno)))
        }
        unlink(template)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    private static func text(of file: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while case let count = pread(file, &buffer, buffer.count, bytes.count), count > 0 {
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
