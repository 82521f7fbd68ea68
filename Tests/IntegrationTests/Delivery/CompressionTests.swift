import FoundationEssentials
import Messaging
import Testing
import Waiting

/// Events whose publishers have compressed them, from a real broker to a real worker.
@Suite(.hangGuard)
struct CompressionTests {
    private static func bytes(_ base64: String) -> [UInt8] { Data(base64Encoded: base64).map([UInt8].init) ?? [] }

    /// `{"names":["DECODED"]}`
    private static let text = Array(#"{"names":["DECODED"]}"#.utf8)
    private static let gzip = bytes("H4sIAAAAAAACA6tWykvMTS1WsopWcnF19ndxdVGKrQUARMbpuxUAAAA=")

    private static let good: [(id: String, encoding: String, body: [UInt8])] = [
        ("gzip", "gzip", gzip),
        ("x-gzip", "x-gzip", gzip),
        ("zlib", "deflate", bytes("eJyrVspLzE0tVrKKVnJxdfZ3cXVRiq0FAEmWBm8=")),
        ("raw", "deflate", bytes("q1bKS8xNLVayilZycXX2d3F1UYqtBQA=")),
        ("br", "br", bytes("CwqAeyJuYW1lcyI6WyJERUNPREVEIl19Aw==")),
        ("zstd", "zstd", bytes("KLUv/SAVqQAAeyJuYW1lcyI6WyJERUNPREVEIl19")),
        ("list", "gzip, br", bytes("CxSAH4sIAAAAAAACA6tWykvMTS1WsopWcnF19ndxdVGKrQUARMbpuxUAAAAD")),
        ("utf-8", "utf-8", text), ("binary", "binary", text), ("identity", "identity", text),
    ]

    private static let bad: [(id: String, encoding: String, body: [UInt8], error: String)] = [
        ("unknown", "lzma", text, "the content encoding 'lzma' is not known"),
        ("plain", "gzip", text, "its gzip data is damaged"),
        ("cut", "gzip", Array(gzip.dropLast(9)), "its gzip data ends too early"),
        ("garbage", "gzip", gzip + [0], "its gzip data is followed by 1 bytes that are no part of it"),
        // Seventeen megabytes of spaces.
        (
            "bomb", "br", bytes("y///PwAkQOKxQHLv//j//weABEAcFoDu/V/9/z8ACYA4LADd+wc="),
            "its br data decodes to more than 16777216 bytes"
        ),
    ]

    private static func event(_ bed: TestBed, _ id: String, _ encoding: String, _ body: [UInt8]) -> OutgoingMessage {
        var event = bed.event("", id: id)
        event.properties.contentEncoding = encoding
        event.body = body[...]
        return event
    }

    @Test func `a compressed event is handled, or if it cannot be decoded a dead letter as it came`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("look-around")
            let host = try await bed.startHost()
            for event in Self.good { try await bed.publish(Self.event(bed, event.id, event.encoding, event.body)) }
            for event in Self.bad { try await bed.publish(Self.event(bed, event.id, event.encoding, event.body)) }
            let deeds = try await bed.journal.wait(for: "every good event") { $0.count >= Self.good.count }
            #expect(deeds.events("lacks-DECODED") == Set(Self.good.map(\.id)))
            let dead = try await bed.reader(bed.deadLetters("look-around")).messages(Self.bad.count)
            for event in Self.bad {
                let letter = try #require(dead.first { $0.id == event.id })
                #expect(letter.text("warren-dead-reason") == "undecodable")
                let error = letter.text("warren-error") ?? ""
                #expect(error.contains(event.error), "\(error)")
                #expect(letter.properties.contentEncoding == event.encoding)
                #expect(Array(letter.body) == event.body)
            }
            #expect(host.deaths() == 0)
            #expect(try await host.stop() == 0)
        }
    }

    @Test func `an event that is retried is still compressed, and decoded each time`() async throws {
        try await TestBed.use { bed in
            try bed.deploy("deliver", "retry: { maxAttempts: 3, backoff: { initial: 100ms } }")
            let host = try await bed.startHost()
            // {"failures":1}
            let body = Self.bytes("H4sIAAAAAAACA6tWSkvMzCktSi1WsjKsBQALhXzUDgAAAA==")
            try await bed.publish(Self.event(bed, "again", "gzip", body))
            let deeds = try await bed.journal.wait(for: "its second run") { $0.events("ended") == ["again"] }
            #expect(deeds.attempts(of: "again") == [1, 1, 2, 2])
            #expect(try await host.stop() == 0)
        }
    }
}
