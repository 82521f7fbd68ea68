import EventLoops

/// The watcher's side on its thread.
final class WatchingLoop {
    /// How often a reading that was overtaken by a change is repeated at once when somebody waits for it.
    private static let attempts = 5

    private let loop: EventLoop
    private var reader: DeploymentReader
    private let handler: DeploymentWatcher.Handler
    private var settling = ChangeSettling()
    private var nextLook: TimerID?
    /// A check that found no quiet moment; the next deployment makes up for it.
    private var owesRetry = false

    init(loop: EventLoop, reader: DeploymentReader, handler: @escaping DeploymentWatcher.Handler) {
        self.loop = loop
        self.reader = reader
        self.handler = handler
    }

    /// Returns when it is told to stop.
    func run(_ commands: Mailbox<DeploymentWatcher.Command>) {
        commands.attach(to: self.loop) { commands in
            for command in commands {
                switch command {
                case .check:
                    self.owesRetry = true
                    self.readAtOnce()
                case .stop:
                    self.cancelLook()
                    self.loop.stop()
                    return
                }
            }
        }
        self.readAtOnce()
        self.loop.run()
        commands.detach(from: self.loop)
    }

    private func look() {
        let found = self.fingerprint()
        switch self.settling.look(found, at: .now) {
        case .wait(let pause):
            self.look(after: pause)
        case .act(settled: true):
            let deployment = self.reader.read()
            // What the manifests refer to may be new: it has not been looked at then, and the two differ as well.
            if self.fingerprint() == found {
                self.settling.finished(isWorthRepeating: deployment.isWorthRepeating, at: .now)
                self.tell(deployment, settled: true)
                self.look(after: ChangeSettling.interval(for: found))
            } else {
                self.settling.failed(at: .now)
                self.look(after: ChangeSettling.recheck)
            }
        case .act(settled: false):
            let deployment = self.reader.read()
            self.settling.anticipated(at: .now)
            self.tell(deployment, settled: false)
            self.look(after: ChangeSettling.recheck)
        }
    }

    /// Does not wait for two looks to agree, and makes up for it afterwards.
    private func readAtOnce() {
        var before = self.fingerprint()
        for _ in 0..<Self.attempts {
            let deployment = self.reader.read()
            let after = self.fingerprint()
            if before == after {
                self.tell(deployment, settled: true)
                break
            }
            before = after
        }
        self.settling.anticipated(at: .now)
        self.look(after: ChangeSettling.recheck)
    }

    private func fingerprint() -> Fingerprint {
        Fingerprint(manifestDirectory: self.reader.manifestDirectory, references: self.reader.references)
    }

    private func tell(_ deployment: Deployment, settled: Bool) {
        let retries = self.owesRetry
        self.owesRetry = false
        self.handler(deployment, settled, retries)
    }

    private func look(after pause: Duration) {
        self.cancelLook()
        self.nextLook = self.loop.schedule(after: pause) { [weak self] in
            self?.nextLook = nil
            self?.look()
        }
    }

    private func cancelLook() {
        if let nextLook = self.nextLook { self.loop.cancel(nextLook) }
        self.nextLook = nil
    }
}
