import WorkerProtocol

/// The loop of the worker's own thread, the reader: passes invocations to the lanes, watches deadlines and due batches,
/// and sends results that no lane sends.
struct WorkerLoop {
    /// Why the loop ended.
    enum Ending: Equatable {
        /// The host is gone, so nobody needs the results.
        case hostGone
        /// The host said that no more invocations follow, and the last result is written.
        case drained
        /// The host sent a frame that the protocol does not allow.
        case protocolBroken(String)
    }

    private var input: WorkerInput
    private let output: WorkerOutput
    private let engine: LaneEngine
    private var nextDeadline: ContinuousClock.Instant?
    private var isDraining = false
    /// How long results may wait in the buffer if the functions block all threads, in milliseconds.
    private static let backstop: Int32 = 2

    init(input: WorkerInput, output: WorkerOutput, engine: LaneEngine) {
        self.input = input
        self.output = output
        self.engine = engine
    }

    /// Serves the host until it ends the connection. Blocks the thread.
    mutating func run() -> Ending {
        do throws(FrameError) {
            try self.takeFrames()
            while true {
                if self.isDraining, self.engine.isIdle {
                    self.output.finish()
                    return .drained
                }
                switch self.input.read(waiting: self.patience()) {
                case .received: try self.takeFrames()
                case .nothing: self.output.flushWithoutWaiting()
                case .hostGone: return .hostGone
                }
                if self.engine.isBatching { self.engine.beginRipe() }
                if let deadline = self.nextDeadline {
                    let now = ContinuousClock.now
                    if deadline <= now { self.nextDeadline = self.engine.expire(now) }
                }
            }
        } catch {
            return .protocolBroken(error.description)
        }
    }

    /// How long to wait for the host, in milliseconds, before a deadline, a due batch or a waiting result needs
    /// attention.
    private func patience() -> Int32 {
        if self.isDraining || self.output.isStalled { return Self.backstop }
        var next = self.nextDeadline
        switch self.engine.waiting {
        case .nothing: break
        case .lane: return Self.backstop
        case .time(let ripe): next = min(next ?? ripe, ripe)
        }
        guard let next else { return -1 }
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: next).components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        // Rounded up, so that the time has passed when the wait ends. A long wait is cut off and begun again.
        return Int32(clamping: min(seconds, 3600) * 1000 + attoseconds / 1_000_000_000_000_000 + 1)
    }

    private mutating func takeFrames() throws(FrameError) {
        var batch: [PendingInvocation] = []
        let now = ContinuousClock.now
        while let frame = try self.input.next() {
            switch frame.kind {
            case .invoke:
                let received = try ReceivedInvocation(frame)
                let deadline = now.advanced(by: .milliseconds(received.run.timeoutMilliseconds))
                self.nextDeadline = min(self.nextDeadline ?? deadline, deadline)
                batch.append(PendingInvocation(received: received, deadline: deadline))
            case .cancel:
                // The invocation to cancel may be in the same batch of frames.
                self.engine.submit(batch)
                batch.removeAll(keepingCapacity: true)
                self.engine.cancel(frame.invocation)
            case .drain:
                self.isDraining = true
                self.engine.drain()
            case .hello, .start, .ready, .startFailed, .result, .log, .notBegun:
                throw FrameError("the host sent a \(frame.kind) frame to a worker that had started")
            }
        }
        if !batch.isEmpty { self.engine.submit(batch) }
    }
}
