import Messaging
import SeededGeneration
import Testing

@Suite struct PropertyLayoutTests {
    static var everything: BasicProperties {
        var properties = BasicProperties()
        properties.contentType = "application/json"
        properties.contentEncoding = "gzip"
        properties.correlationID = "c-1"
        properties.replyTo = "replies"
        properties.messageID = "m-1"
        properties.timestamp = 1_700_000_000
        properties.type = "order.placed"
        properties.appID = "shop"
        properties.priority = 4
        properties.expiration = "60000"
        return properties
    }

    @Test func `all properties are found where they were written`() throws {
        let headers = FieldTable([("a", .integer(1))])
        let bytes = Self.everything.encoded(headers: headers)
        let layout = try PropertyLayout(bytes, ByteRange(start: 0, count: bytes.count))
        #expect(layout.properties(in: bytes) == Self.everything)
        #expect(Array(bytes[layout.headers.lowerBound..<layout.headers.upperBound]) == headers.bytes)
    }

    @Test func `properties cut anywhere are refused, never trapped on`() {
        let bytes = Self.everything.encoded(headers: FieldTable([("a", .string("b"))]))
        for count in 1..<bytes.count {
            let cut = Array(bytes[..<count])
            #expect(throws: ByteCursor.Malformed.self) { try PropertyLayout(cut, ByteRange(start: 0, count: count)) }
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `random bytes are read or refused`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bytes = random.bytes(64)
        guard let layout = try? PropertyLayout(bytes, ByteRange(start: 0, count: bytes.count)) else { return }
        #expect(layout.headers.upperBound <= bytes.count)
        #expect(layout.properties(in: bytes).messageID?.utf8.count ?? 0 <= 3 * 255)
    }

    @Test(
        arguments: [
            (Duration.milliseconds(1500), Int64(1500)), (.milliseconds(-1500), -1500), (.seconds(Int64.max), .max),
            (.seconds(Int64.min), .min), (.seconds(Int64.max / 1000) + .milliseconds(999), .max),
        ]
    )
    func `milliseconds are clamped at both ends`(duration: Duration, expected: Int64) {
        #expect(duration.wholeMilliseconds == expected)
    }
}
