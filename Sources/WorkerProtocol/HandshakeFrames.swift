/// The first frame of a worker: which protocol version it speaks and which functions its bundle contains.
package struct HelloFrame: Sendable, Equatable {
    package let protocolVersion: UInt16
    package let bundleVersion: String
    package let functions: [String]
    /// The limits that the worker has set on itself and by what means, such as `memory=rlimit openFiles=rlimit`; empty
    /// if it has set none.
    package let limits: String

    package init(protocolVersion: UInt16, bundleVersion: String, functions: [String], limits: String = "") {
        self.protocolVersion = protocolVersion
        self.bundleVersion = bundleVersion
        self.functions = functions
        self.limits = limits
    }

    /// Reads only the version if it is not the current one, because another version may lay out the rest differently.
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

/// The host's answer to the hello frame: which function this worker serves, and how.
package struct StartFrame: Sendable, Equatable {
    package let function: String
    /// The number of lanes to keep. Each runs one invocation or one batch at a time.
    package let concurrency: UInt32
    /// The lowest level of log lines that the worker needs to send: 0 trace … 6 critical, in the order of swift-log.
    package let lowestLogLevel: UInt8
    /// The maximum number of invocations in a batch; 0 if the manifest has no `batch`. The host still sends invocations
    /// one by one, and gets a result for each.
    package let batchSize: UInt32
    /// How long the oldest invocation of a batch waits for the batch to fill, at most.
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

/// Says why a worker could not start its function.
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
