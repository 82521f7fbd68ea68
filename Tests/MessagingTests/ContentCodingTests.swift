import Messaging
import Testing

@Suite struct ContentCodingTests {
    @Test(
        arguments: [
            ("gzip", ContentCoding.gzip), ("GZip", .gzip), ("x-gzip", .gzip), ("deflate", .deflate), ("br", .br),
            ("zstd", .zstd), (" gzip ", .gzip), ("\tBR", .br),
        ]
    )
    func `a coding is known in any letter case and by its old name`(text: String, coding: ContentCoding) {
        #expect(ContentCoding(text) == coding)
    }

    @Test(
        arguments: [
            "", " ", ",", ", ,", "identity", "Identity", "identity, identity", "utf-8", "UTF-8", "utf8", "utf-16le",
            "binary", "8bit", "7bit", "us-ascii", "ascii", "iso-8859-1", "ISO-8859-15", "latin1", "windows-1252",
        ]
    )
    func `a character set, a transfer encoding and identity are no compression`(text: String) {
        #expect(ContentCoding(text) == .none)
        #expect(ContentCoding(text).fieldValue == nil)
    }

    @Test(arguments: ["gzip\r\nx-evil: 1", "a b", "gzip;q=1", "gzip, \"br\"", "application/json", "gz\u{0}ip", "zïp"])
    func `what is no list of names names no coding`(text: String) {
        #expect(ContentCoding(text) == .none)
    }

    @Test(
        arguments: [
            ("gzip, identity", ContentCoding.gzip), ("identity,gzip", .gzip), ("utf-8, zstd", .zstd),
            (", gzip,", .gzip), ("gzip, gzip", .unknown("gzip, gzip")),
            ("Deflate ,X-GZIP", .unknown("deflate, gzip")),
        ]
    )
    func `a list is read in its order, without what says nothing`(text: String, coding: ContentCoding) {
        #expect(ContentCoding(text) == coding)
    }

    @Test func `a coding without a name here is kept`() {
        #expect(ContentCoding("LZ4") == .unknown("lz4"))
        #expect(ContentCoding("x-compress") == .unknown("compress"))
        #expect(ContentCoding("x-snappy-framed").fieldValue == "x-snappy-framed")
    }

    @Test(arguments: ["gzip", "deflate", "br", "zstd", "deflate, gzip", "lz4"])
    func `a header says it as the property did`(text: String) {
        #expect(ContentCoding(text).fieldValue == text)
    }

    @Test func `a delivery is read by its property`() {
        var message = OutgoingMessage(
            exchange: "",
            routingKey: "k",
            properties: BasicProperties(),
            headers: FieldTable(),
            body: [1]
        )
        let tag = DeliveryTag(generation: 1, value: 1)
        let plain = Delivery(message, tag: tag)
        #expect(plain.contentCoding(plain.layout) == .none)
        message.properties.contentEncoding = "gzip"
        let compressed = Delivery(message, tag: tag)
        #expect(compressed.contentCoding(compressed.layout) == .gzip)
    }
}
