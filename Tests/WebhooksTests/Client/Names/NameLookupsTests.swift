import Testing

@testable import Webhooks

struct NameLookupsTests {
    private static let start = ContinuousClock.now
    private let address = IPAddress(.v4, 0x0a00_0001)
    private var names = NameLookups()

    private mutating func find(_ name: String, at time: Duration = .zero) {
        _ = self.names.addresses(of: name, at: Self.start + time)
        _ = self.names.begin()
        self.names.finished(name, [self.address], at: Self.start + time)
    }

    @Test mutating func `a name is looked up once, however many ask for it`() {
        for _ in 0..<3 { #expect(self.names.addresses(of: "a", at: Self.start) == nil) }
        #expect(self.names.begin() == ["a"])
        #expect(self.names.addresses(of: "a", at: Self.start) == nil)
        #expect(self.names.begin() == [])
        #expect(self.names.finished("a", [self.address], at: Self.start)?.addresses == [self.address])
        #expect(self.names.addresses(of: "a", at: Self.start)?.addresses == [self.address])
        #expect(self.names.begin() == [])
    }

    @Test mutating func `only a few lookups are under way, and the others wait in line`() {
        for number in 0..<100 { _ = self.names.addresses(of: "dead-\(number)", at: Self.start) }
        let first = self.names.begin()
        #expect(first == (0..<NameLookups.unprovenLimit).map { "dead-\($0)" })
        #expect(self.names.begin() == [])
        self.names.finished("dead-3", [], at: Self.start)
        #expect(self.names.begin() == ["dead-\(NameLookups.unprovenLimit)"])
        #expect(self.names.count == NameLookups.unprovenLimit)
    }

    @Test mutating func `names that were found have room that dead names cannot take, and go first`() {
        for number in 0..<10 { self.find("good-\(number)") }
        for number in 0..<100 { _ = self.names.addresses(of: "dead-\(number)", at: Self.start) }
        #expect(self.names.begin().count == NameLookups.unprovenLimit)
        let later = Self.start + NameLookups.longestUse
        for number in 0..<10 { #expect(self.names.addresses(of: "good-\(number)", at: later) == nil) }
        let room = NameLookups.limit - NameLookups.unprovenLimit
        #expect(self.names.begin() == (0..<room).map { "good-\($0)" })
        #expect(self.names.count == NameLookups.limit)
        self.names.finished("dead-0", [], at: later)
        #expect(self.names.begin() == ["good-\(room)"])
    }

    @Test mutating func `proven names never hold more than all places`() {
        for number in 0..<20 { self.find("good-\(number)") }
        let later = Self.start + NameLookups.longestUse
        for number in 0..<20 { _ = self.names.addresses(of: "good-\(number)", at: later) }
        #expect(self.names.begin().count == NameLookups.limit)
        #expect(self.names.begin() == [])
    }

    @Test mutating func `an address that is not fresh is used and looked up beside it`() {
        self.find("a")
        let later = Self.start + NameLookups.freshness
        let old = self.names.addresses(of: "a", at: later)
        #expect(old?.addresses == [self.address])
        #expect(self.names.begin() == ["a"])
        let other = IPAddress(.v4, 0x0a00_0002)
        self.names.finished("a", [other], at: later)
        let new = self.names.addresses(of: "a", at: later)
        #expect(new?.addresses == [other])
        #expect(new?.version != old?.version)
    }

    @Test mutating func `an old address is not used, and neither is one to which no connection could be made`() {
        self.find("a")
        #expect(self.names.addresses(of: "a", at: Self.start + NameLookups.longestUse) == nil)
        self.find("b")
        self.names.doubt("b", at: Self.start)
        #expect(self.names.addresses(of: "b", at: Self.start) != nil, "a fresh one would not be another")
        self.names.doubt("b", at: Self.start + NameLookups.freshness)
        #expect(self.names.addresses(of: "b", at: Self.start + NameLookups.freshness) == nil)
        #expect(self.names.begin() == ["b"], "the other one is under way")
        self.names.finished("b", [self.address], at: Self.start + NameLookups.freshness)
        #expect(self.names.addresses(of: "b", at: Self.start + NameLookups.freshness) != nil)
    }

    @Test mutating func `a lookup that fails leaves what is known, and the name has to prove itself again`() {
        self.find("a")
        let later = Self.start + NameLookups.freshness
        _ = self.names.addresses(of: "a", at: later)
        #expect(self.names.begin() == ["a"])
        #expect(self.names.finished("a", [], at: later) == nil)
        #expect(self.names.addresses(of: "a", at: later)?.addresses == [self.address])
        for number in 0..<NameLookups.unprovenLimit { _ = self.names.addresses(of: "dead-\(number)", at: later) }
        #expect(self.names.begin().first == "a")
        #expect(self.names.count == NameLookups.unprovenLimit)
    }

    @Test mutating func `a name that nobody asks for is forgotten`() {
        self.find("a")
        self.find("b", at: NameLookups.memory)
        // It is unproven again: behind the one that has been found since.
        let later = Self.start + NameLookups.memory + NameLookups.freshness
        #expect(self.names.addresses(of: "a", at: later) == nil)
        #expect(self.names.addresses(of: "b", at: later) != nil)
        #expect(self.names.begin() == ["b", "a"])
    }
}
