import DequeModule

/// Caches the addresses of host names, and decides which names are looked up when. A value without a clock and without
/// I/O.
///
/// A lookup occupies a thread until the resolver has answered or given up, which takes half a minute or longer if the
/// name servers are dead. So only a few lookups run at once, and the other names wait in a queue, each of them once,
/// however many requests need it. Names whose last lookup succeeded go before the others, and have slots that the
/// others cannot take. So names that cannot be resolved never delay a name that could be.
///
/// A fresh address is used without another lookup. For some time after that it is still used at once while a new lookup
/// runs, so that a request over an open connection, which needs no address, does not wait.
struct NameLookups {
    /// The maximum number of lookups in progress.
    static let limit = 8
    /// The maximum number of these for names whose last lookup failed, or that were never looked up.
    static let unprovenLimit = 6
    /// How long an address is fresh. The resolver's interface does not tell the record's own time to live.
    static let freshness = Duration.seconds(10)
    /// The maximum age at which an address is still used while a newer one is being looked up. It equals the maximum
    /// age of a connection.
    static let longestUse = Duration.seconds(300)
    /// How long a name is kept in the cache after its last successful lookup.
    static let memory = Duration.seconds(3600)

    /// The addresses of a name at the time of a lookup.
    struct Known: Equatable {
        let addresses: [IPAddress]
        /// A new number for each lookup.
        let version: UInt64
    }

    private struct Entry {
        var known: Known
        var foundAt: ContinuousClock.Instant
        /// Whether a connection to the address failed. It is then not used again before the next lookup.
        var isDoubted = false
        /// Whether the last lookup succeeded.
        var isProven = true
    }

    private var entries: [String: Entry] = [:]
    /// Queued names, by whether they are proven; and all names that are queued or being looked up.
    private var proven = Deque<String>()
    private var unproven = Deque<String>()
    private var wanted: Set<String> = []
    /// The names that are being looked up, and whether each was proven when its lookup began.
    private var underWay: [String: Bool] = [:]
    private var version: UInt64 = 0

    /// Returns the addresses to use for a request that begins now; `nil` if it must wait for a lookup. Queues the name
    /// if a lookup is due.
    mutating func addresses(of name: String, at now: ContinuousClock.Instant) -> Known? {
        guard let entry = self.entries[name] else {
            self.want(name, isProven: false)
            return nil
        }
        let age = entry.foundAt.duration(to: now)
        if age < Self.freshness, !entry.isDoubted { return entry.known }
        self.want(name, isProven: entry.isProven)
        return age < Self.longestUse && !entry.isDoubted ? entry.known : nil
    }

    private mutating func want(_ name: String, isProven: Bool) {
        guard self.wanted.insert(name).inserted else { return }
        if isProven { self.proven.append(name) } else { self.unproven.append(name) }
    }

    /// Returns the names whose lookups begin now. `finished` follows for each.
    mutating func begin() -> [String] {
        var names: [String] = []
        while self.underWay.count < Self.limit, let name = self.proven.popFirst() {
            self.underWay[name] = true
            names.append(name)
        }
        var unprovenCount = self.underWay.values.count { !$0 }
        while self.underWay.count < Self.limit, unprovenCount < Self.unprovenLimit, let name = self.unproven.popFirst()
        {
            self.underWay[name] = false
            unprovenCount += 1
            names.append(name)
        }
        return names
    }

    /// - Parameter addresses: the result; empty if the lookup failed. The previous addresses are then used for as long
    ///   as their age allows.
    /// - Returns: the addresses for the requests that wait for the name; `nil` if the lookup failed.
    @discardableResult
    mutating func finished(_ name: String, _ addresses: [IPAddress], at now: ContinuousClock.Instant) -> Known? {
        self.underWay[name] = nil
        self.wanted.remove(name)
        self.entries = self.entries.filter { $0.value.foundAt.duration(to: now) < Self.memory }
        guard !addresses.isEmpty else {
            self.entries[name]?.isProven = false
            return nil
        }
        self.version += 1
        let known = Known(addresses: addresses, version: self.version)
        self.entries[name] = Entry(known: known, foundAt: now)
        return known
    }

    /// A connection to the name failed. Unless its address is fresh, the name may have another address by now.
    mutating func doubt(_ name: String, at now: ContinuousClock.Instant) {
        guard let entry = self.entries[name], entry.foundAt.duration(to: now) >= Self.freshness else { return }
        self.entries[name]?.isDoubted = true
    }

    /// The number of lookups in progress.
    var count: Int { self.underWay.count }
}
