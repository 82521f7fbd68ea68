/// The requests that wait for the addresses of their hosts. A value without a clock.
struct RequestQueue {
    private struct Waiting {
        let request: HTTPRequest
        let since: ContinuousClock.Instant
        let end: ContinuousClock.Instant
    }

    private var waiting: [String: [Waiting]] = [:]
    /// No request times out before this instant; it may be earlier than the actual first deadline.
    private(set) var firstEnd: ContinuousClock.Instant?

    /// Name resolution is part of connecting, so the connect timeout applies to it.
    mutating func add(_ request: HTTPRequest, for name: String, at now: ContinuousClock.Instant) {
        let end = now + request.route.connectTimeout
        self.waiting[name, default: []].append(Waiting(request: request, since: now, end: end))
        self.firstEnd = min(self.firstEnd ?? end, end)
    }

    /// Removes and returns the requests that wait for the name, with the instant since which each has waited.
    mutating func take(_ name: String) -> [(request: HTTPRequest, since: ContinuousClock.Instant)] {
        (self.waiting.removeValue(forKey: name) ?? []).map { ($0.request, $0.since) }
    }

    /// Removes and returns the requests whose deadline has passed.
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

    /// Removes and returns all requests.
    mutating func takeAll() -> [HTTPRequest] {
        defer { self = RequestQueue() }
        return self.waiting.values.joined().map(\.request)
    }
}
