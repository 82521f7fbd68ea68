import FoundationEssentials
import Messaging
import Testing

@testable import Warren

struct ContentDecodingTests {
    private static let text = #"{"id":"1","items":[{"sku":"a","price":1}]}"#

    /// The text, compressed by the tools that belong to each format.
    private static let samples: [(encoding: String, body: [UInt8])] = [
        ("gzip", bytes("H4sIAAAAAAACA6tWykxRslIyVNJRyixJzS1WsoquVirOLgWKJQLFCooyk1OVrAxrY2sBp/Ou+ioAAAA=")),
        ("deflate", bytes("eJyrVspMUbJSMlTSUcosSc0tVrKKrlYqzi4FiiUCxQqKMpNTlawMa2NrAQSpDJk=")),
        // Without the envelope of zlib.
        ("deflate", bytes("q1bKTFGyUjJU0lHKLEnNLVayiq5WKs4uBYolAsUKijKTU5WsDGtjawE=")),
        ("br", bytes("GykAAARqc6lftlg/VTEIlrE4lsSU5aCFKlNrOI1wjMvooRje/YjCcEC+uQ==")),
        ("zstd", bytes("KLUv/SAqUQEAeyJpZCI6IjEiLCJpdGVtcyI6W3sic2t1IjoiYSIsInByaWNlIjoxfV19")),
        (
            "gzip, br",
            bytes(
                "Cx2AH4sIAAAAAAACA6tWykxRslIyVNJRyixJzS1WsoquVirOLgWKJQLFCooyk1OVrAxrY2sBp/Ou+ioAAAAD"
            )
        ),
    ]

    /// A megabyte of spaces.
    private static let megabyte = bytes(
        "KLUv/aAAABAAVAAAECAgAQD7/znAAgIAECACABAgAgAQIAIAECACABAgAgAQIAMAECA="
    )

    /// Seventeen megabytes of spaces.
    private static let bombs: [(encoding: String, body: [UInt8])] = [
        ("br", bytes("y///PwAkQOKxQHLv//j//weABEAcFoDu/V/9/z8ACYA4LADd+wc=")),
        ("zstd", Array(repeatElement(Self.megabyte, count: 17).joined())),
        (
            "gzip, gzip",
            bytes(
                "H4sIAAAAAAACA+3brQ5BARgG4MM5wQQ0QaBqomKjyIpsdLfgZyYpyinuwGW4A8001SaYILFj59yE7ex50pvf+O77mrtS"
                    + "kCqGj9M6DatW/G3Xj+UAAAAAyLnVdRMW0tBKLsPRGAAAAMi7abUSZaPAZ9IYqAMAAAByb9vr1rILgddyHqkDAAAA"
                    + "ci9+3/bpFNA/J5dFJ/Q1Af/wjGaH+z0IaoUfO2OAdc9DAAA="
            )
        ),
    ]

    private static func bytes(_ base64: String) -> [UInt8] { Data(base64Encoded: base64).map([UInt8].init) ?? [] }

    private static func undecodable(_ body: [UInt8], _ encoding: String, limit: Int = 16 << 20) throws -> String {
        try #require(throws: UndecodableEvent.self) {
            try ContentDecoding.decode(body[...], property: encoding, limit: limit)
        }.message
    }

    @Test(arguments: Self.samples.indices)
    func `a compressed payload is decoded before the function sees it`(_ index: Int) async throws {
        let sample = Self.samples[index]
        try #require(!sample.body.isEmpty)
        let typed = try await TestInvocation.run(EchoOrder.self, sample.body, contentEncoding: sample.encoding)
        #expect(typed.emitted.count == 3, "\(typed.summary)")
        let raw = try await TestInvocation.run(
            EchoBytes.self,
            sample.body,
            contentType: "application/json",
            contentEncoding: sample.encoding.uppercased()
        )
        #expect(raw.emitted.first.map { String(decoding: $0.payload, as: UTF8.self) } == Self.text, "\(raw.summary)")
        #expect(raw.emitted.first?.contentType == "application/json")
    }

    /// The host cannot look into it, so it has the id that the message has beside it.
    @Test func `an envelope may be compressed as a whole`() async throws {
        // {"specversion":"1.0","id":"7","type":"t","source":"s","data":{"id":"1","items":[]}}
        let body = Self.bytes(
            "eJyrViouSE0uSy0qzszPU7JSMtQzUNJRykwBMs2BjJLKglQgswTILM4vLUoGcYqBnJTEkkQlq2qIQkOQjpLU3GIlq+jY2loACyIYgw=="
        )
        let outcome = try await TestInvocation.run(
            EchoOrder.self,
            body,
            contentType: "application/cloudevents+json",
            contentEncoding: "deflate"
        )
        #expect(outcome.emitted.count == 3, "\(outcome.summary)")
        #expect(outcome.emitted.dropFirst().first.map { String(decoding: $0.payload, as: UTF8.self) } == #""event-1""#)
    }

    @Test(arguments: ["", "identity", "utf-8", "UTF-8", "binary", "8bit", "7bit", "us-ascii", "utf-8, identity"])
    func `what is no compression goes through as it is`(_ encoding: String) async throws {
        let outcome = try await TestInvocation.run(EchoOrder.self, Array(Self.text.utf8), contentEncoding: encoding)
        #expect(outcome.emitted.count == 3, "\(outcome.summary)")
    }

    @Test(arguments: ["lzma", "compress", "GZ", "gzip, lzma"])
    func `an unknown encoding is undecodable and named`(_ encoding: String) async throws {
        let outcome = try await TestInvocation.run(EchoOrder.self, Array(Self.text.utf8), contentEncoding: encoding)
        let name = encoding.split(separator: " ").last.map(String.init)?.lowercased() ?? ""
        let words = "the content encoding '\(name)' is not known; known are gzip, deflate, br and zstd"
        #expect(outcome.summary == "undecodable: payload: \(words)")
    }

    @Test func `the name of an encoding cannot carry control characters or be of any length`() throws {
        let long = try Self.undecodable([], String(repeating: "x", count: 255))
        #expect(long.contains("'\(String(repeating: "x", count: 64))'"))
        // No names at all: as a text that says nothing about compression.
        #expect(try ContentDecoding.decode([65], property: "gzip\u{1b}[31m") == [65])
    }

    @Test func `more than four encodings are not undone`() throws {
        let list = Array(repeating: "gzip", count: 5).joined(separator: ",")
        #expect(try Self.undecodable([1], list) == "payload: it has 5 content encodings, and at most 4 are undone")
    }

    @Test(arguments: Self.samples.indices)
    func `the bound holds to the byte`(_ index: Int) throws {
        let sample = Self.samples[index]
        // What stands between two codings is bounded as well, and longer than the text here.
        let size = sample.encoding == "gzip, br" ? 59 : Self.text.utf8.count
        let decoded = try ContentDecoding.decode(sample.body[...], property: sample.encoding, limit: size)
        #expect(Array(decoded) == Array(Self.text.utf8))
        let message = try Self.undecodable(sample.body, sample.encoding, limit: size - 1)
        #expect(message.hasSuffix("data decodes to more than \(size - 1) bytes, the largest size of a payload"))
    }

    @Test(arguments: Self.bombs.indices)
    func `a few bytes that stand for more than a payload may be are undecodable`(_ index: Int) async throws {
        let bomb = Self.bombs[index]
        try #require(!bomb.body.isEmpty && bomb.body.count < 1000)
        let outcome = try await TestInvocation.run(EchoBytes.self, bomb.body, contentEncoding: bomb.encoding)
        #expect(outcome.summary.contains("decodes to more than 16777216 bytes"), "\(outcome.summary)")
        #expect(outcome.summary.hasPrefix("undecodable: payload: its "))
    }

    @Test(arguments: Self.samples.indices)
    func `data that was cut off is undecodable, wherever it was cut`(_ index: Int) throws {
        let sample = Self.samples[index]
        for count in 0..<sample.body.count {
            let message = try Self.undecodable(Array(sample.body.prefix(count)), sample.encoding)
            #expect(message.hasSuffix("ends too early") || message.hasSuffix("is damaged"), "\(count): \(message)")
        }
    }

    @Test(arguments: Self.samples.indices)
    func `bytes behind the end are undecodable, and are never taken for data`(_ index: Int) throws {
        let sample = Self.samples[index]
        let message = try Self.undecodable(sample.body + [0, 1, 2], sample.encoding)
        #expect(message.hasSuffix("data is followed by 3 bytes that are no part of it"))
    }

    @Test(arguments: ["gzip", "deflate", "br", "zstd"])
    func `what is not of the format is damaged`(_ encoding: String) throws {
        let message = try Self.undecodable(Array(Self.text.utf8) + [0xff, 0xff, 0xff], encoding)
        #expect(message == "payload: its \(encoding) data is damaged")
    }

    @Test func `a changed byte is found by the checksum`() throws {
        var body = Self.samples[0].body
        body[body.count - 8] ^= 1
        #expect(try Self.undecodable(body, "gzip") == "payload: its gzip data is damaged")
    }

    @Test func `members of gzip and frames of zstd may follow each other`() throws {
        for (encoding, body) in Self.samples where ["gzip", "zstd"].contains(encoding) {
            let decoded = try ContentDecoding.decode((body + body)[...], property: encoding)
            #expect(Array(decoded) == Array((Self.text + Self.text).utf8))
        }
        let skippable: [UInt8] = [0x53, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]
        let zstd = try #require(Self.samples.first { $0.encoding == "zstd" }).body
        for body in [skippable + zstd, zstd + skippable] {
            #expect(Array(try ContentDecoding.decode(body[...], property: "zstd")) == Array(Self.text.utf8))
        }
    }

    @Test func `a window larger than any payload is refused before memory is taken for it`() throws {
        // A frame without content, and with a window of 128 MiB.
        let message = try Self.undecodable([0x28, 0xb5, 0x2f, 0xfd, 0, 0x88, 1, 0, 0], "zstd")
        #expect(message.contains("needs a window larger than 16 MiB"))
    }

    @Test func `without its library a payload is undecodable, and the reason names the package`() throws {
        #expect(throws: DecompressionError.noLibrary("libwarren-has-none.so.1")) {
            try Self.open(.brotli, library: "libwarren-has-none.so.1")
        }
        // One that is there and is not it.
        #expect(throws: DecompressionError.noLibrary("libm.so.6")) { try Self.open(.zstd, library: "libm.so.6") }
        let event = UndecodableEvent(.noLibrary("libzstd.so.1"), coding: "zstd", format: .zstd)
        #expect(event.message.contains("cannot be decoded without libzstd.so.1; install the package libzstd1"))
    }

    private static func open(_ format: CompressionFormat, library: String) throws(DecompressionError) {
        _ = try Decompressor(format, library: library)
    }
}
