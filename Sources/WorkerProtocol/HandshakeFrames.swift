/// What a worker says first: which protocol it speaks and what its bundle holds.
package struct HelloFrame: Sendable, Equatable {
    package let protocolVersion: UInt16
    package let bundleVersion: String
    package let functions: [String]

    package init(protocolVersion: UInt16, bundleVersion: String, functions: [String]) {
        self.protocolVersion = protocolVersion
        self.bundleVersion = bundleVersion
        self.functions = functions
    }

    /// A different protocol version may order the rest differently, so only the version is read then.
    package init(_ frame: Frame) throws(FrameError) {
        var cursor = FrameCursor(frame.body)
        self.protocolVersion = try cursor.integer()
        guard self.protocolVersion == WorkerProtocolVersion.current else {
            self.bundleVersion = ""
            self.functions = []
            return
        }
        self.bundleVersion = try cursor.text16()
        var functions: [String] = []
        for _ in 0..<(try cursor.integer(UInt16.self)) { functions.append(try cursor.text16()) }
        self.functions = functions
    }

    package func write(to bytes: inout [UInt8]) {
        bytes.appendFrame(.hello) { body in
            body.appendLittleEndian(self.protocolVersion)
            body.appendText16(self.bundleVersion)
            body.appendLittleEndian(UInt16(self.functions.count))
            for function in self.functions { body.appendText16(function) }
        }
    }
}

/// What the host answers: which function this worker serves.
package struct StartFrame: Sendable, Equatable {
    package let function: String
    /// The most invocations that will be in flight at once: the number of lanes to keep.
    package let concurrency: UInt32
    /// Log lines below this level need not be sent: 0 trace … 6 critical, in the order of swift-log.
    package let lowestLogLevel: UInt8

    package init(function: String, concurrency: UInt32, lowestLogLevel: UInt8) {
        self.function = function
        self.concurrency = concurrency
        self.lowestLogLevel = lowestLogLevel
    }

    package init(_ frame: Frame) throws(FrameError) {
        var cursor = FrameCursor(frame.body)
        self.function = try cursor.text16()
        self.concurrency = try cursor.integer()
        self.lowestLogLevel = try cursor.integer()
    }

    package func write(to bytes: inout [UInt8]) {
        bytes.appendFrame(.start) { body in
            body.appendText16(self.function)
            body.appendLittleEndian(self.concurrency)
            body.append(self.lowestLogLevel)
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
