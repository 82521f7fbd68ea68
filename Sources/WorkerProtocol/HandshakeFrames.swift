/// What a worker says first: which protocol it speaks and what its bundle holds.
package struct HelloFrame: Sendable, Equatable {
    package let protocolVersion: UInt16
    package let bundleVersion: String
    package let functions: [String]
    /// Which limits the worker has set on itself and by what means, such as `memory=rlimit openFiles=rlimit`; empty
    /// for none.
    package let limits: String

    package init(protocolVersion: UInt16, bundleVersion: String, functions: [String], limits: String = "") {
        self.protocolVersion = protocolVersion
        self.bundleVersion = bundleVersion
        self.functions = functions
        self.limits = limits
    }

    /// A different protocol version may order the rest differently, so only the version is read then.
    package init(_ frame: Frame) throws(FrameError) {
        var cursor = FrameCursor(frame.body)
        self.protocolVersion = try cursor.integer()
        guard self.protocolVersion == WorkerProtocolVersion.current else {
            self.bundleVersion = ""
            self.functions = []
            self.limits = ""
            return
        }
        self.bundleVersion = try cursor.text16()
        var functions: [String] = []
        for _ in 0..<(try cursor.integer(UInt16.self)) { functions.append(try cursor.text16()) }
        self.functions = functions
        self.limits = try cursor.text16()
    }

    package func write(to bytes: inout [UInt8]) {
        bytes.appendFrame(.hello) { body in
            body.appendLittleEndian(self.protocolVersion)
            body.appendText16(self.bundleVersion)
            body.appendLittleEndian(UInt16(self.functions.count))
            for function in self.functions { body.appendText16(function) }
            body.appendText16(self.limits)
        }
    }
}

/// What the host answers: which function this worker serves.
package struct StartFrame: Sendable, Equatable {
    package let function: String
    /// The number of lanes to keep. Each runs one invocation or one batch at a time.
    package let concurrency: UInt32
    /// Log lines below this level need not be sent: 0 trace … 6 critical, in the order of swift-log.
    package let lowestLogLevel: UInt8
    /// The most invocations that the worker gives to its function together; 0 when the manifest has no `batch`. The
    /// host sends invocations one by one all the same, and gets a result for each.
    package let batchSize: UInt32
    /// How long the oldest invocation of a batch waits for others at most.
    package let batchWaitMilliseconds: UInt32

    package init(
        function: String,
        concurrency: UInt32,
        lowestLogLevel: UInt8,
        batchSize: UInt32 = 0,
        batchWaitMilliseconds: UInt32 = 0
    ) {
        self.function = function
        self.concurrency = concurrency
        self.lowestLogLevel = lowestLogLevel
        self.batchSize = batchSize
        self.batchWaitMilliseconds = batchWaitMilliseconds
    }

    package init(_ frame: Frame) throws(FrameError) {
        var cursor = FrameCursor(frame.body)
        self.function = try cursor.text16()
        self.concurrency = try cursor.integer()
        self.lowestLogLevel = try cursor.integer()
        self.batchSize = try cursor.integer()
        self.batchWaitMilliseconds = try cursor.integer()
    }

    package func write(to bytes: inout [UInt8]) {
        bytes.appendFrame(.start) { body in
            body.appendText16(self.function)
            body.appendLittleEndian(self.concurrency)
            body.append(self.lowestLogLevel)
            body.appendLittleEndian(self.batchSize)
            body.appendLittleEndian(self.batchWaitMilliseconds)
        }
    }
}

/// Why a worker could not start its function.
package struct StartFailedFrame: Sendable, Equatable {
    package let reason: String

    package init(reason: String) { self.reason = reason }

    package init(_ frame: Frame) throws(FrameError) {
        var cursor = FrameCursor(frame.body)
        self.reason = try cursor.text32()
    }

    package func write(to bytes: inout [UInt8]) {
        bytes.appendFrame(.startFailed) { $0.appendText32(self.reason) }
    }
}
