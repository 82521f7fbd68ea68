/// Requests that wait for the addresses of their hosts. A value without a clock.
struct RequestLine {
    private struct Waiting {
        let request: HTTPRequest
        let since: ContinuousClock.Instant
        let end: ContinuousClock.Instant
    }

    private var waiting: [String: [Waiting]] = [:]
    /// No request runs out of time before; it may be too early.
    private(set) var firstEnd: ContinuousClock.Instant?

    /// Looking up is part of making the connection, and has as long.
    mutating func add(_ request: HTTPRequest, for name: String, at now: ContinuousClock.Instant) {
        let end = now + request.route.connectTimeout
        self.waiting[name, default: []].append(Waiting(request: request, since: now, end: end))
        self.firstEnd = min(self.firstEnd ?? end, end)
    }

    /// Takes out all that wait for the name, with the time since which they have waited.
    mutating func take(_ name: String) -> [(request: HTTPRequest, since: ContinuousClock.Instant)] {
        (self.waiting.removeValue(forKey: name) ?? []).map { ($0.request, $0.since) }
    }

    /// Takes out all whose time is over.
    mutating func takeOverdue(at now: ContinuousClock.Instant) -> [(request: HTTPRequest, waited: Duration)] {
        guard let first = self.firstEnd, now >= first else { return [] }
        var overdue: [(request: HTTPRequest, waited: Duration)] = []
        for (name, line) in self.waiting {
            let left = line.filter { $0.end > now }
            guard left.count < line.count else { continue }
            overdue += line.filter { $0.end <= now }.map { ($0.request, $0.since.duration(to: now)) }
            self.waiting[name] = left.isEmpty ? nil : left
        }
        self.firstEnd = self.waiting.values.joined().map(\.end).min()
        return overdue
    }

    /// Takes out everything.
    mutating func takeAll() -> [HTTPRequest] {
        defer { self = RequestLine() }
        return self.waiting.values.joined().map(\.request)
    }
}
