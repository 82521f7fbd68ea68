import Messaging

/// What was published and confirmed, against what became of it.
struct ChaosAccount {
    private struct Entry {
        /// How many messages of this identity were confirmed.
        var count = 0
        var mayExpire = false
    }

    private var entries: [ChaosEvent.Identity: Entry] = [:]

    /// How many messages were confirmed.
    var confirmed: Int { self.entries.values.reduce(0) { $0 + $1.count } }

    mutating func add(_ event: ChaosEvent, isConfirmed: Bool) {
        self.entries[event.identity, default: Entry()].count += isConfirmed ? 1 : 0
        self.entries[event.identity]?.mayExpire = event.mayExpire
    }

    /// What was confirmed and is neither handled nor dead because its time was over. Of equal messages without an
    /// identity of their own as many have to be handled as were confirmed.
    func missing(_ deeds: [AccountDeed], dead: [Delivery]) -> [String] {
        var accounted: [ChaosEvent.Identity: Int] = [:]
        for deed in deeds where deed.kind == .ended { accounted[deed.identity, default: 0] += 1 }
        for letter in dead where letter.reason == "expired" { accounted[letter.identity, default: 0] += 1 }
        return self.entries.compactMap { identity, entry in
            let found = accounted[identity, default: 0]
            return found < entry.count ? "\(identity): \(found) of \(entry.count)" : nil
        }
    }

    /// Dead letters that nobody should have written.
    func strange(_ dead: [Delivery]) -> [String] {
        dead.compactMap { letter in
            let isFine = letter.reason == "expired" && self.entries[letter.identity]?.mayExpire == true
            return isFine ? nil : "\(letter.identity) for the reason '\(letter.reason ?? "none")'"
        }
    }

    /// Runs of one event that began while another one went on for the same host.
    ///
    /// Not of events without an identity: of those there may be more messages than were published, and none can be told
    /// from the others. A host that loses its connection before a retry's copy is confirmed publishes it again.
    func overlaps(_ deeds: [AccountDeed]) -> [String] {
        struct Place: Hashable {
            let host: Int
            let identity: ChaosEvent.Identity
        }
        var running: [Place: Int] = [:]
        return deeds.compactMap { deed in
            let place = Place(host: deed.host, identity: deed.identity)
            running[place, default: 0] += deed.kind == .begun ? 1 : -1
            guard deed.kind == .begun, deed.identity.isComplete, running[place, default: 0] > 1 else { return nil }
            return "\(deed.identity): \(deeds.filter { $0.identity == deed.identity })"
        }
    }
}

/// A line of the journal that the function `account` wrote.
struct AccountDeed: CustomStringConvertible {
    enum Kind: Substring {
        case begun
        case ended
        case failed
    }

    let kind: Kind
    /// The process of the host.
    let host: Int
    let identity: ChaosEvent.Identity
    let attempt: Int
    let milliseconds: Int

    init?(_ deed: Journal.Deed) {
        let parts = deed.name.split(separator: "/")
        guard parts.count == 4, let kind = Kind(rawValue: parts[0]), let host = Int(parts[1]) else { return nil }
        self.kind = kind
        self.host = host
        self.identity = ChaosEvent.Identity(source: String(parts[2]), id: deed.event, content: String(parts[3]))
        self.attempt = deed.attempt
        self.milliseconds = deed.milliseconds
    }

    var description: String {
        "attempt \(self.attempt) \(self.kind) for host \(self.host) at \(self.milliseconds)"
    }
}

extension Delivery {
    /// Why it is dead: in Warren's words, or in the broker's when that has put it here itself.
    fileprivate var reason: String? { self.text("warren-dead-reason") ?? self.text("x-first-death-reason") }

    fileprivate var identity: ChaosEvent.Identity {
        let properties = self.properties
        return ChaosEvent.Identity(
            source: properties.appID,
            id: properties.messageID,
            content: self.text(ChaosEvent.contentHeader) ?? ""
        )
    }
}
