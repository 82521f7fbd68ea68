import DequeModule

/// What the client knows of hosts' names, and which of them are looked up when. A value without a clock and without
/// I/O.
///
/// A lookup holds a thread until the resolver has answered or given up, half a minute and longer when the name servers
/// are dead. So only a few are under way at once, and the other names wait in line, each once however many requests
/// want it. Names that were found the last time go before the others, and have room that the others cannot take: dead
/// names never hold up one that is known to live.
///
/// An address is used without asking again while it is fresh. For some time after that it is still used at once, and
/// looked up beside it: a request that goes over an open connection, which needs no address, waits for nothing.
struct NameLookups {
    /// Lookups under way at once.
    static let limit = 8
    /// Of these, for names that were not found the last time or were never asked for.
    static let unprovenLimit = 6
    /// How long an address holds; the resolver's interface does not tell the name's own time to live.
    static let freshness = Duration.seconds(10)
    /// How old an address may be and still be used, while a newer one is being looked up. No older than a connection
    /// may be that was made with it.
    static let longestUse = Duration.seconds(300)
    /// How long a name is remembered that nobody asks for.
    static let memory = Duration.seconds(3600)

    /// The addresses that a name had.
    struct Known: Equatable {
        let addresses: [IPAddress]
        /// Another one after each lookup.
        let version: UInt64
    }

    private struct Entry {
        var known: Known
        var foundAt: ContinuousClock.Instant
        /// A connection to it failed: it is not used again before it has been looked up.
        var isDoubted = false
        /// The last lookup found it.
        var isProven = true
    }

    private var entries: [String: Entry] = [:]
    /// Names in line, by whether they are proven, and all that are in line or under way.
    private var proven = Deque<String>()
    private var unproven = Deque<String>()
    private var wanted: Set<String> = []
    /// Whether the name was proven when its lookup began.
    private var underWay: [String: Bool] = [:]
    private var version: UInt64 = 0

    /// The addresses to use for a request that begins now; nil when it has to wait for a lookup. Puts the name into the
    /// line when a lookup is due.
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

    /// The names whose lookups begin now. `finished` follows for each.
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

    /// - Parameter addresses: empty when the lookup has failed. What was known before is used as long as it may be.
    /// - Returns: what those who wait for the name get now.
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

    /// No connection could be made. If the address is not fresh, the name may lead elsewhere by now.
    mutating func doubt(_ name: String, at now: ContinuousClock.Instant) {
        guard let entry = self.entries[name], entry.foundAt.duration(to: now) >= Self.freshness else { return }
        self.entries[name]?.isDoubted = true
    }

    /// Lookups under way.
    var count: Int { self.underWay.count }
}
