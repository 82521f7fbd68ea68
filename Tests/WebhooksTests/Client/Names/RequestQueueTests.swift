import EventLoops
import Manifests
import Testing

@testable import Webhooks

struct RequestLineTests {
    private static let start = ContinuousClock.now
    private var line = RequestQueue()
    private let mailbox: Mailbox<[ClientReport]>

    init() throws { self.mailbox = try Mailbox() }

    private func request(_ id: UInt64, timeout: Duration = .seconds(10)) throws -> HTTPRequest {
        HTTPRequest(
            id: id,
            route: HTTPRoute(url: try WebhookURL("http://a.test/"), timeout: timeout),
            headers: HeaderBlock(),
            body: [],
            excerptLimit: 0,
            replyTo: self.mailbox
        )
    }

    @Test mutating func `all that wait for a name go on together`() throws {
        for id in 1...3 { self.line.add(try self.request(UInt64(id)), for: "a", at: Self.start) }
        self.line.add(try self.request(9), for: "b", at: Self.start)
        #expect(self.line.take("a").map(\.request.id) == [1, 2, 3])
        #expect(self.line.take("a").isEmpty)
        #expect(self.line.takeAll().map(\.id) == [9])
    }

    @Test mutating func `whoever waits too long ends, and the others stay`() throws {
        #expect(self.line.firstEnd == nil)
        self.line.add(try self.request(1, timeout: .seconds(2)), for: "a", at: Self.start)
        // A connection may take five seconds, whatever the timeout is.
        self.line.add(try self.request(2, timeout: .seconds(30)), for: "a", at: Self.start)
        #expect(self.line.firstEnd == Self.start + .seconds(2))
        #expect(self.line.takeOverdue(at: Self.start + .seconds(1)).isEmpty)
        let overdue = self.line.takeOverdue(at: Self.start + .seconds(3))
        #expect(overdue.map(\.request.id) == [1])
        #expect(overdue.map(\.waited) == [.seconds(3)])
        #expect(self.line.firstEnd == Self.start + .seconds(5))
        #expect(self.line.take("a").map(\.since) == [Self.start])
        #expect(self.line.takeOverdue(at: Self.start + .seconds(6)).isEmpty)
        #expect(self.line.firstEnd == nil)
    }
}
