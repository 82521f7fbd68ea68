/// When a change that a look has found is acted on. Pure: looks and times are given to it.
///
/// A change is acted on when two looks in a row find the same, so that files which are written one after the other are
/// read together and none is read half. The pause between the two is longer than a tick of the kernel's clock (at
/// most 10 ms), so a write that leaves the same times as the one before it has happened by the second look. If the
/// looks never agree, it is acted on after a second all the same, and again after every further one.
///
/// A reading that failed for reasons of the moment (see `TransientError`) is repeated every second until it succeeds,
/// at the next look after it: no look would show that it can be read again.
struct ChangeSettling: Sendable {
    enum Decision: Sendable, Equatable {
        /// Look again after the pause.
        case wait(Duration)
        /// Read and tell; `settled` if two looks have agreed.
        case act(settled: Bool)
    }

    /// The shortest pause between looks while nothing changes.
    static let interval = Duration.milliseconds(100)
    /// The longest one.
    static let longestInterval = Duration.seconds(1)
    /// Between looks while something does.
    static let recheck = Duration.milliseconds(30)
    /// How long looks may disagree.
    static let patience = Duration.seconds(1)
    /// Between readings that fail for the moment.
    static let repetition = Duration.seconds(1)

    /// The pause between looks while nothing changes: a millisecond for each path that is looked at. A look takes two
    /// to three microseconds for each, so that watching takes at most three thousandths of a core up to a thousand
    /// paths, instead of more with every manifest.
    static func interval(for fingerprint: Fingerprint) -> Duration {
        min(max(self.interval, .milliseconds(fingerprint.count)), self.longestInterval)
    }

    private var last: Fingerprint?
    /// Since when there has been something to act on that is not yet settled.
    private var changingSince: ContinuousClock.Instant?
    /// When to read again although nothing has changed.
    private var repeatAt: ContinuousClock.Instant?

    /// One look has found this.
    mutating func look(_ fingerprint: Fingerprint, at now: ContinuousClock.Instant) -> Decision {
        let isSame = fingerprint == self.last
        self.last = fingerprint
        guard let since = self.changingSince else {
            if isSame, let repeatAt = self.repeatAt, repeatAt <= now { return .act(settled: true) }
            if isSame { return .wait(Self.interval(for: fingerprint)) }
            self.changingSince = now
            return .wait(Self.recheck)
        }
        if isSame { return .act(settled: true) }
        return now - since >= Self.patience ? .act(settled: false) : .wait(Self.recheck)
    }

    /// What the looks have agreed on was read, and was still the same afterwards.
    ///
    /// - Parameter isWorthRepeating: something could not be read for the moment.
    mutating func finished(isWorthRepeating: Bool = false, at now: ContinuousClock.Instant) {
        self.changingSince = nil
        self.repeatAt = isWorthRepeating ? now + Self.repetition : nil
    }

    /// It was no longer the same after it was read, so looks have to agree anew; patience runs on.
    mutating func failed(at now: ContinuousClock.Instant) {
        self.last = nil
        self.changingSince = self.changingSince ?? now
    }

    /// Something was acted on without waiting for two looks to agree. They are waited for now, so that whatever was
    /// read half is read again.
    mutating func anticipated(at now: ContinuousClock.Instant) {
        self.last = nil
        self.changingSince = now
    }
}
