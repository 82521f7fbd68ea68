import Messaging
import Testing

@testable import Processing

struct RuntimeHeadersTests {
    @Test(arguments: [
        (FieldValue.integer(3), 3), (.integer(0), 1), (.integer(-7), 1), (.integer(.min), 1), (.string("3"), 1),
        (.boolean(true), 1), (.void, 1), (.double(2), 1), (.integer(.max), Int.max),
    ])
    func `an attempt is a positive number, and anything else the first`(value: FieldValue, attempt: Int) {
        #expect(AttemptHistory(FieldTable([("warren-attempt", value)])).attempt == attempt)
    }

    @Test(arguments: [(FieldValue.integer(5), 5), (.integer(0), 0), (.integer(-1), 0), (.bytes([1]), 0)])
    func `deferrals are a number from 0, and anything else none`(value: FieldValue, deferrals: Int) {
        #expect(AttemptHistory(FieldTable([("warren-deferrals", value)])).deferrals == deferrals)
    }

    @Test func `a message without headers has no history`() {
        #expect(AttemptHistory(FieldTable()) == AttemptHistory())
        #expect(AttemptHistory(FieldTable(bytes: [255, 1, 2])) == AttemptHistory())
    }

    @Test(arguments: [
        [("warren-original-exchange", FieldValue.string("e"))],
        [("warren-original-routing-key", .string("k"))],
        [("warren-original-exchange", .integer(1)), ("warren-original-routing-key", .string("k"))],
        [],
    ])
    func `an origin that does not say both is none`(headers: [(String, FieldValue)]) {
        #expect(Origin(FieldTable(headers)) == nil)
    }

    @Test func `an origin says exchange and routing key, and the default exchange is one`() {
        let headers = FieldTable([
            ("warren-original-exchange", .string("")), ("warren-original-routing-key", .string("q")),
        ])
        #expect(Origin(headers) == Origin(exchange: "", routingKey: "q"))
    }
}
