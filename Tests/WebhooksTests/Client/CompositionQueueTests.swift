import EventLoops
import Invoking
import Manifests
import Testing

@testable import Webhooks

struct ComposingLineTests {
    private func terms() throws -> RequestTerms {
        RequestTerms(
            composer: RequestComposer { (_, _) throws(Undeliverable) in (HeaderBlock(), []) },
            token: nil,
            route: HTTPRoute(url: try WebhookURL("https://example.com/"), timeout: .seconds(5)),
            excerptLimit: 0,
            replyTo: try Mailbox()
        )
    }

    private func ids(_ batches: [RequestBatch]) -> [InvocationID] { batches.flatMap(\.invocations).map(\.id) }

    private func batch(_ id: InvocationID) throws -> RequestBatch {
        RequestBatch(terms: try self.terms(), invocations: [.test(id: id, body: [])])
    }

    @Test func `one thread has all that waits, and the next begins when it has ended`() throws {
        var line = CompositionQueue()
        #expect(self.ids(line.begin()) == [])
        for id in InvocationID.each(1...2) { line.add(try self.batch(id)) }
        #expect(self.ids(line.begin()) == [1, 2])
        line.add(try self.batch(3))
        #expect(self.ids(line.begin()) == [])
        line.ended()
        #expect(self.ids(line.begin()) == [3])
        line.ended()
        #expect(self.ids(line.begin()) == [], "there is no thread for nothing")
    }

    @Test func `what waits behind a thread can be taken out`() throws {
        var line = CompositionQueue()
        line.add(try self.batch(1))
        _ = line.begin()
        line.add(try self.batch(2))
        #expect(self.ids(line.takeAll()) == [2])
        line.ended()
        #expect(self.ids(line.begin()) == [])
    }
}
