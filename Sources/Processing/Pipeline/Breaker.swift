import EventLoops
import Manifests
import Messaging

/// Tells when a function fails throughout, so that its events are better left in the queue than burnt: it opens, lets
/// one event through after a pause that grows each time, and closes when that one shows that the function is well.
///
/// Two things open it: workers that die (five within a minute, for every function), and failed invocations (only with
/// `breaker:` in the manifest). Both count only as long as nothing succeeds: a function that fails on some events and
/// handles others is not paused for them.
///
/// A value without a clock: the caller tells the time and keeps the timer.
struct Breaker: Hashable {
    static let deaths = 5
    static let deathWindow = Duration.seconds(60)
    static let firstPause = Duration.seconds(1)
    static let longestPause = Duration.seconds(300)

    enum State: Equatable {
        case closed
        /// Nothing is taken from the queue.
        case open
        /// One event at a time is.
        case probing
    }

    /// How an invocation ended, as far as it says something about the function.
    enum Sign {
        case success
        case failure
        /// Says nothing about the function's health: an event that cannot be decoded, which may never have reached its
        /// code or its endpoint, or one that it puts off.
        case neutral
    }

    /// What the caller does now.
    enum Action: Equatable {
        case none
        /// Stop taking events, and call `pauseIsOver` after so long.
        case pause(Duration)
        /// Take events as usual.
        case resume
    }

    private let policy: BreakerPolicy?
    private(set) var state = State.closed
    private var recentFailures: [SteadyInstant] = []
    private var recentDeaths: [SteadyInstant] = []
    private var nextPause: Duration

    init(_ policy: BreakerPolicy?) {
        self.policy = policy
        self.nextPause = policy?.pause ?? Self.firstPause
    }

    private var isClean: Bool { self.state == .closed && self.recentFailures.isEmpty && self.recentDeaths.isEmpty }

    mutating func ended(_ sign: Sign, at now: @autoclosure () -> SteadyInstant) -> Action {
        switch sign {
        case .success:
            return self.isClean ? .none : self.close()
        case .failure where self.policy != nil:
            return self.failed(now())
        case .failure:
            // Without a policy only deaths count, and this worker has lived.
            return self.state == .probing ? self.close() : .none
        case .neutral:
            // The next event is the probe then.
            return .none
        }
    }

    private mutating func failed(_ now: SteadyInstant) -> Action {
        guard let policy = self.policy else { return .none }
        switch self.state {
        case .open: return .none
        case .probing: return self.open()
        case .closed:
            self.recentFailures.removeAll { $0.duration(to: now) > policy.window }
            self.recentFailures.append(now)
            return self.recentFailures.count >= policy.failures ? self.open() : .none
        }
    }

    mutating func workerDied(at now: SteadyInstant) -> Action {
        switch self.state {
        case .open: return .none
        case .probing: return self.open()
        case .closed:
            self.recentDeaths.removeAll { $0.duration(to: now) > Self.deathWindow }
            self.recentDeaths.append(now)
            return self.recentDeaths.count >= Self.deaths ? self.open() : .none
        }
    }

    mutating func pauseIsOver() {
        if self.state == .open { self.state = .probing }
    }

    private mutating func open() -> Action {
        self.state = .open
        self.recentFailures.removeAll()
        self.recentDeaths.removeAll()
        defer { self.nextPause = max(self.nextPause, min(self.nextPause * 2, Self.longestPause)) }
        return .pause(self.nextPause)
    }

    private mutating func close() -> Action {
        let wasClosed = self.state == .closed
        self = Breaker(self.policy)
        return wasClosed ? .none : .resume
    }
}

extension Breaker.Sign {
    init(_ outcome: Outcome) {
        switch outcome {
        case .done, .rejected: self = .success
        case .failed, .timedOut, .crashed: self = .failure
        case .skipped, .undecodable, .later: self = .neutral
        }
    }
}
