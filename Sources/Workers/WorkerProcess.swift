import EventLoops
import Glibc
import Invoking
import Logging
import Manifests
import Messaging
import WorkerProtocol

/// One worker process on the event loop: its socket, its output and its end.
final class WorkerProcess: Flushable {
    enum Event {
        /// The handshake is complete, and the function is initialised.
        case ready
        case results([Result])
        /// The worker is being killed, or its socket is closed: it runs nothing that is sent to it from now on.
        case condemned
        /// The process is gone and has been reaped. Reported exactly once, last.
        case ended(End)
    }

    struct Result {
        let invocation: InvocationID
        /// The result; `nil` if the worker returned the invocation without beginning it.
        let frame: ResultFrame?
    }

    /// How a process ended.
    struct End {
        /// The exit code, the signal, or how the worker broke the protocol, in words.
        let reason: String
        /// The end of its stderr, at most `Failure.longestMessage`.
        let errorTail: String
    }

    private enum Phase {
        case greeting
        case initialising
        case ready
    }

    private static let readSize = 64 << 10
    /// The maximum number of reads from a descriptor of a worker that has ended: enough for all that a socket or a pipe
    /// holds.
    private static let lastReads = 64

    let number: Int
    private let launch: WorkerLaunch
    private let loop: EventLoop
    private let log: WorkerLog
    private let process: SpawnedProcess
    private let handler: (Event) -> Void
    private var phase = Phase.greeting
    private var input = FrameBuffer()
    private var output = SendBuffer()
    private var waitsForWriting = false
    var isToBeFlushed = false
    private let standardOutput: OutputPipe
    private let standardError: OutputPipe
    /// Why the host has killed the worker; `nil` if it has not.
    private var killReason: String?
    private var hasEnded = false
    private var isSocketOpen = true
    private var startTimer: TimerID?
    private var closeTimer: TimerID?
    /// If set, called with the hello frame in place of starting a function.
    var onHello: ((HelloFrame) -> Void)?
    /// Whether the worker has sent a result.
    private(set) var hasAnswered = false
    /// The limits that are in force in the worker, as its hello frame reports them.
    private(set) var limits = ""
    var processID: pid_t { self.process.pid }

    init(
        number: Int,
        launch: WorkerLaunch,
        loop: EventLoop,
        log: WorkerLog,
        handler: @escaping (Event) -> Void
    ) throws(SystemError) {
        self.number = number
        self.launch = launch
        self.loop = loop
        self.log = log
        self.handler = handler
        let process = try SpawnedProcess(launch)
        self.process = process
        self.standardOutput = OutputPipe(process.output, stream: "stdout", loop: loop, log: log)
        self.standardError = OutputPipe(process.errorOutput, stream: "stderr", loop: loop, log: log)
        loop.watch(self.process.socket) { [weak self] readiness in
            if readiness.isWritable { self?.flush() }
            if readiness.isReadable { self?.readFrames() }
        }
        if self.process.processDescriptor >= 0 {
            loop.watch(self.process.processDescriptor) { [weak self] _ in self?.reap() }
        }
        self.startTimer = loop.schedule(after: launch.startLimit) { [weak self] in
            guard let self, self.phase != .ready else { return }
            self.kill(because: "it was not ready within \(launch.startLimit.words)")
        }
    }

    // MARK: - To the worker

    /// Appends a frame. It is sent at the end of the loop's turn, or as soon as the socket accepts more.
    func append(_ write: (inout [UInt8]) -> Void) {
        self.output.append(write)
        if !self.waitsForWriting { self.loop.flushAtTurnEnd(self) }
    }

    func flush() {
        guard self.isSocketOpen, !self.output.isEmpty else { return }
        while !self.output.isEmpty {
            let count = self.output.send { bytes in
                Glibc.send(
                    self.process.socket,
                    bytes.baseAddress,
                    bytes.count,
                    Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
                )
            }
            guard count < 0 else { continue }
            if errno == EAGAIN { break }
            if errno != EINTR {
                // The peer will never read the rest. The socket is closed in a later turn, because this flush belongs
                // to the turn of other handlers.
                self.output.removeAll()
                self.loop.schedule(after: .zero) { [weak self] in self?.closeFailedSocket() }
            }
        }
        let mustWait = !self.output.isEmpty
        if mustWait != self.waitsForWriting {
            self.waitsForWriting = mustWait
            self.loop.setWriting(mustWait, of: self.process.socket)
        }
    }

    /// Tells the worker that no more invocations follow: it exits when it has answered those that it has.
    func drain() {
        // The worker does not know its function yet, so it has nothing to finish.
        guard self.phase != .greeting else { return self.kill(because: "it is not needed any more") }
        self.append { $0.appendFrame(.drain) }
    }

    /// Kills the process and its whole process group. `ended` follows.
    func kill(because reason: String) {
        guard !self.hasEnded else { return }
        if self.killReason == nil {
            // The reason may contain text from the worker, which may be of any length.
            self.killReason = reason.prefix(bytes: Failure.longestMessage)
            self.handler(.condemned)
        }
        Glibc.kill(-self.process.pid, SIGKILL)
        if self.process.processDescriptor < 0 { self.reapLater() }
    }

    // MARK: - From the worker

    private func readFrames() {
        var results: [Result] = []
        // Only a few reads per turn, so that one chatty worker does not starve the others.
        for _ in 0..<4 {
            let count = self.input.receive(capacity: Self.readSize) { buffer in
                recv(self.process.socket, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            }
            guard count > 0 else {
                if count == 0 || (errno != EAGAIN && errno != EINTR) { self.closeSocket() }
                break
            }
            do throws(FrameError) {
                while let frame = try self.input.next() { try self.handle(frame, &results) }
            } catch {
                self.kill(because: "it broke the worker protocol: \(error)")
                break
            }
            // While the log budget is used up, what is left is probably more log lines, so it can wait.
            if count < Self.readSize || self.log.isExhausted() { break }
        }
        if results.isEmpty, self.log.isExhausted() { self.restFromFlood() }
        guard !results.isEmpty else { return }
        self.hasAnswered = true
        self.handler(.results(results))
    }

    private func restFromFlood() {
        guard self.isSocketOpen, !self.hasEnded else { return }
        self.loop.setReading(false, of: self.process.socket)
        self.loop.schedule(after: WorkerLog.restFromFlood) { [weak self] in
            guard let self, self.isSocketOpen, !self.hasEnded else { return }
            self.loop.setReading(true, of: self.process.socket)
        }
    }

    private func handle(_ frame: Frame, _ results: inout [Result]) throws(FrameError) {
        switch (frame.kind, self.phase) {
        case (.result, .ready):
            results.append(Result(invocation: InvocationID(rawValue: frame.invocation), frame: try ResultFrame(frame)))
        case (.notBegun, .ready):
            results.append(Result(invocation: InvocationID(rawValue: frame.invocation), frame: nil))
        case (.log, _):
            try self.log.write(frame)
        case (.hello, .greeting):
            self.greeted(try HelloFrame(frame))
        case (.ready, .initialising):
            self.phase = .ready
            if let timer = self.startTimer { self.loop.cancel(timer) }
            self.handler(.ready)
        case (.startFailed, .initialising):
            self.kill(because: "it could not start its function: \(try StartFailedFrame(frame).reason)")
        default:
            throw FrameError("a frame of kind \(frame.kind) came while the worker was \(self.phase)")
        }
    }

    private func greeted(_ hello: HelloFrame) {
        guard hello.protocolVersion == WorkerProtocolVersion.current else {
            return self.kill(
                because: "the bundle speaks version \(hello.protocolVersion) of the worker protocol and this host "
                    + "version \(WorkerProtocolVersion.current); build both with the same Warren"
            )
        }
        if let onHello = self.onHello { return onHello(hello) }
        guard hello.functions.contains(self.launch.function) else {
            let known = hello.functions.isEmpty ? "none" : hello.functions.joined(separator: ", ")
            return self.kill(
                because: "the bundle has no function '\(self.launch.function)'; it has: \(known)"
            )
        }
        self.phase = .initialising
        self.limits = hello.limits.prefix(bytes: 256)
        let start = StartFrame(
            function: self.launch.function,
            concurrency: UInt32(clamping: self.launch.lanes),
            lowestLogLevel: UInt8(Logger.Level.allCases.firstIndex(of: self.log.level) ?? 2),
            batchSize: UInt32(clamping: self.launch.batch?.size ?? 0),
            batchWaitMilliseconds: UInt32(clamping: self.launch.batch?.wait.wholeMilliseconds ?? 0)
        )
        self.append(start.write)
    }

    /// Results that a worker wrote before its end count.
    private func readLastFrames() {
        for _ in 0..<Self.lastReads where self.isSocketOpen { self.readFrames() }
    }

    private func closeFailedSocket() {
        self.readLastFrames()
        self.closeSocket()
    }

    private func closeSocket() {
        guard self.isSocketOpen else { return }
        self.isSocketOpen = false
        self.loop.unwatch(self.process.socket)
        close(self.process.socket)
        self.handler(.condemned)
        // A worker without its socket is of no use. Most are already exiting.
        if self.killReason == nil, self.process.processDescriptor < 0 { self.reapLater() }
        self.closeTimer = self.loop.schedule(after: .seconds(1)) { [weak self] in
            self?.kill(because: "it closed its socket and did not exit")
        }
    }

    // MARK: - Its end

    private func reapLater() {
        self.loop.schedule(after: .milliseconds(20)) { [weak self] in self?.reap() }
    }

    private func reap() {
        guard !self.hasEnded else { return }
        var information = siginfo_t()
        // Checks with WNOWAIT first: as long as the process is a zombie, no other process group can get its number.
        guard waitid(P_PID, id_t(self.process.pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0,
            information.si_signo == SIGCHLD
        else {
            if self.process.processDescriptor < 0 { self.reapLater() }
            return
        }
        Glibc.kill(-self.process.pid, SIGKILL)
        // The last output may still be in the pipes: results that were written count, and stderr says why the worker
        // died. The number of reads is bounded, because a child process in a session of its own may hold the other end
        // and never stop writing.
        self.readLastFrames()
        self.standardError.drain(reads: Self.lastReads)
        self.standardOutput.drain(reads: Self.lastReads)
        var status: Int32 = 0
        waitpid(self.process.pid, &status, 0)
        self.finish(status)
    }

    private func finish(_ status: Int32) {
        self.hasEnded = true
        for timer in [self.startTimer, self.closeTimer].compactMap({ $0 }) { self.loop.cancel(timer) }
        self.standardOutput.finish()
        self.standardError.finish()
        self.log.finish()
        if self.isSocketOpen {
            self.isSocketOpen = false
            self.loop.unwatch(self.process.socket)
            close(self.process.socket)
        }
        if self.process.processDescriptor >= 0 {
            self.loop.unwatch(self.process.processDescriptor)
            close(self.process.processDescriptor)
        }
        let signal = status & 0x7f
        let words =
            signal == 0
            ? "it exited with code \(status >> 8 & 0xff)" : "signal \(signal) (\(String(cString: strsignal(signal))))"
        self.handler(
            .ended(
                End(
                    reason: self.killReason ?? words,
                    errorTail: self.standardError.tail
                )
            )
        )
    }
}
