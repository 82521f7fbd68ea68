import Messaging
import Testing

@testable import Processing

struct EventKeyTests {
    @Test(arguments: ["a", nil] as [String?])
    func `a message has the same key however often it was delivered`(id: String?) {
        let first = Delivery.test(id, tag: 1, headers: [("colour", .string("red"))])
        let counts: [(String, FieldValue)] = [
            ("colour", .string("red")), ("x-delivery-count", .integer(2)), ("x-acquired-count", .integer(2)),
        ]
        let again = Delivery.test(id, tag: 9, headers: counts, isRedelivered: true)
        #expect(EventKey(first) == EventKey(again))
    }

    @Test func `whatever else differs makes another key`() {
        let keys = [
            EventKey(.test("a")), EventKey(.test("b")), EventKey(.test(nil)), EventKey(.test("a", body: [1])),
            EventKey(.test("a", key: "order.paid")), EventKey(.test("a", exchange: "others")),
            EventKey(.test("a", headers: [("warren-attempt", .integer(2))])),
            EventKey(.test("a", headers: [("warren-attempt", .integer(3))])),
        ]
        #expect(Set(keys).count == keys.count)
    }
}
