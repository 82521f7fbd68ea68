import Glibc
import Messaging
import WorkerProtocol

/// A worker that misbehaves, for tests of the host.
@main
struct EvilWorker {
    static func main() {
        let file = CommandLine.arguments.first?.split(separator: "/").last ?? ""
        let name = file.hasPrefix("evil-") ? String(file.dropFirst(5)) : ""
        guard let deed = Deed(rawValue: name) else {
            print("evil-worker has to be called by a name such as evil-garbage, not \(file)")
            exit(64)
        }
        var worker = EvilWorker(deed: deed)
        worker.run()
    }

    private let deed: Deed
    private var input = FrameBuffer()

    private init(deed: Deed) { self.deed = deed }

    private mutating func run() {
        switch self.deed {
        case .exits: exit(3)
        case .silent: self.linger()
        case .closes: self.closeAndLinger()
        case .garbage: self.write(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
        case .giant: self.write([0xff, 0xff, 0xff, 0xff, FrameKind.hello.rawValue])
        case .oldProtocol: self.greet(version: 99)
        case .otherFunction: self.greet(functions: ["rest", "play"])
        case .closesAfterHello:
            self.greet()
            self.closeAndLinger()
        case .startFails:
            self.greet()
            _ = self.nextFrame()
            self.send { StartFailedFrame(reason: "the database is on fire").write(to: &$0) }
        case .early:
            self.greet()
            self.answer(1)
        case .diesReady, .twice, .stranger, .badOutcome, .cutResult, .deaf, .stubborn, .freezes, .forks, .deserts,
            .hangsUp:
            self.greet()
            _ = self.nextFrame()
            self.send { $0.appendFrame(.ready) }
            self.serve()
        }
        // Whoever sends nonsense is ended by the host.
        self.linger()
    }

    private mutating func serve() {
        if self.deed == .diesReady { exit(4) }
        if self.deed == .stubborn { for number in 1...31 { signal(Int32(number), SIG_IGN) } }
        while let frame = self.nextFrame() {
            guard frame.kind == .invoke else { continue }
            switch self.deed {
            case .twice:
                self.send { bytes in
                    for _ in 1...2 { Self.done.write(invocation: frame.invocation, to: &bytes) }
                }
            case .stranger: self.answer(frame.invocation ^ 0xdead_0000)
            case .badOutcome:
                self.answer(frame.invocation, [99] + [UInt8](repeating: 0, count: 8))
            case .cutResult: self.answer(frame.invocation, [1, 0, 0])
            case .stubborn: self.linger()
            case .freezes: kill(getpid(), SIGSTOP)
            case .forks:
                for _ in 1...3 { self.startSleeper(seconds: 60, ownSession: false) }
                exit(5)
            case .deserts:
                self.startSleeper(seconds: 5, ownSession: true)
                exit(5)
            case .hangsUp: self.closeAndLinger()
            default: self.answer(frame.invocation)
            }
        }
    }

    private static let done = ResultFrame(outcome: .done(emitted: []), nanoseconds: 1)

    private func greet(version: UInt16 = WorkerProtocolVersion.current, functions: [String] = ["work"]) {
        let hello = HelloFrame(protocolVersion: version, bundleVersion: "666", functions: functions)
        self.send(hello.write)
    }

    private func answer(_ invocation: UInt64) { self.send { Self.done.write(invocation: invocation, to: &$0) } }

    private func answer(_ invocation: UInt64, _ body: [UInt8]) {
        self.send { $0.appendFrame(.result, invocation: invocation) { $0 += body } }
    }

    private func send(_ write: (inout [UInt8]) -> Void) {
        var bytes: [UInt8] = []
        write(&bytes)
        self.write(bytes)
    }

    private func write(_ bytes: [UInt8]) { _ = Glibc.write(WorkerProtocolVersion.descriptor, bytes, bytes.count) }

    /// Nil when the host is gone.
    private mutating func nextFrame() -> Frame? {
        while true {
            if let frame = try? self.input.next() { return frame }
            let count = self.input.receive(capacity: 4096) { buffer in
                read(WorkerProtocolVersion.descriptor, buffer.baseAddress, buffer.count)
            }
            if count <= 0 { return nil }
        }
    }

    /// Starts a process that has all descriptors of this one, and prints its number.
    private func startSleeper(seconds: Int, ownSession: Bool) {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID, which Glibc shows to GNU sources only.
        if ownSession { posix_spawnattr_setflags(&attributes, 0x80) }
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("sleep"), strdup("\(seconds)"), nil]
        var none: [UnsafeMutablePointer<CChar>?] = [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        posix_spawn(&process, "/bin/sleep", nil, &attributes, &arguments, &none)
        print("child \(process)")
        fflush(nil)
    }

    private func closeAndLinger() -> Never {
        close(WorkerProtocolVersion.descriptor)
        self.linger()
    }

    /// Does nothing until it is killed, or for a minute, so that nothing is left behind when a test fails.
    private func linger() -> Never {
        sleep(60)
        exit(0)
    }
}
