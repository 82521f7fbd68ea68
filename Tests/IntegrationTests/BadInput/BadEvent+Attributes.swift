import Messaging
import Testing

extension BadEvent {
    private static let exhausted = End.dead("exhausted", "the payment gateway gave no answer (attempt 2)")

    /// A failing event with these headers: they have to come through a retry and into the dead letter as they were.
    private static func kept(
        _ description: String,
        _ entries: [UInt8]...,
        end: End = Self.exhausted
    ) -> BadEvent {
        BadEvent(description, .fail, end) {
            $0.headers = ($0.headers ?? []) + entries.flatMap { $0 }
        } check: { letter in
            // The broker sorts the entries when it moves the message, and leaves each as it is.
            let bytes = letter.headers.bytes
            #expect(entries.allSatisfy { bytes.contains($0) }, "the headers came through as they were")
        }
    }

    private static func text(_ name: String, _ value: String) -> [UInt8] {
        RawMessage.entry(name, "S", RawMessage.long(Array(value.utf8)))
    }

    static let headers: [BadEvent] = [
        Self.kept("array header", RawMessage.entry("a", "A", RawMessage.long([0x49, 0, 0, 0, 7, 0x74, 1, 0x56]))),
        Self.kept("timestamp header", RawMessage.entry("a", "T", [UInt8](repeating: 0xFF, count: 8))),
        Self.kept("bytes header", RawMessage.entry("a", "x", RawMessage.long([0, 1, 0xFE, 0xFF]))),
        Self.kept("void header", RawMessage.entry("a", "V", [])),
        Self.kept("decimal header", RawMessage.entry("a", "D", [255, 0x80, 0, 0, 1])),
        Self.kept("float header", RawMessage.entry("f", "f", [0xC0, 0x49, 0x0F, 0xDB])),
        Self.kept("tables nested 30 deep", RawMessage.nested(30)),
        Self.kept("tables nested 3000 deep", RawMessage.nested(3000)),
        Self.kept("invalid UTF-8 in a header", RawMessage.entry("a", "S", RawMessage.long([0xFF, 0xC3, 0x28]))),
        Self.kept("invalid UTF-8 in the name of a header", RawMessage.entry([0xFF, 0xFE], "S", RawMessage.long([1]))),
        BadEvent("ten thousand headers", .fail, Self.exhausted) {
            $0.headers = ($0.headers ?? []) + (0..<10_000).flatMap { RawMessage.entry("h\($0)", "b", [1]) }
        } check: { letter in
            #expect(letter.headers["h9999"] == .integer(1))
        },
        // There is no room for the error's text then.
        Self.kept(
            "headers of 124 KiB",
            Self.text("large", String(repeating: "x", count: 124 << 10)),
            end: .dead("exhausted", "")
        ),
        Self.kept(
            "attributes of wrong types",
            RawMessage.entry("cloudEvents_id", "b", [1]),
            RawMessage.entry("traceparent", "V", []),
            Self.text("cloudEvents_time", "yesterday"),
            Self.text("tracestate", String(repeating: "t", count: 10_000))
        ),
        BadEvent("headers of the runtime", .fail, Self.exhausted) {
            let numbers = ["warren-attempt", "warren-deferrals", "warren-first-failed-at"]
            let texts = ["warren-dead-reason", "warren-original-exchange", "warren-original-routing-key", "warren-lie"]
            $0.headers =
                ($0.headers ?? []) + numbers.flatMap { RawMessage.entry($0, "I", [0, 0, 3, 0xE7]) }
                + texts.flatMap { Self.text($0, "forged") }
        } check: { letter in
            #expect(letter.headers["warren-attempt"] == .integer(2), "attempt 999 was not believed")
            #expect(letter.headers["warren-deferrals"] == .integer(0))
            #expect(letter.headers["warren-lie"] == nil)
            #expect(letter.text("warren-original-routing-key") == "fail.event")
            #expect(letter.headers.entries.count { $0.name == "warren-attempt" } == 1)
        },
        // As if it had been through the delay levels and the function's queue already: a cycle.
        BadEvent("deaths that never were", .fail, Self.exhausted) {
            $0.headers =
                ($0.headers ?? []) + Self.text("x-first-death-reason", "expired")
                + Self.text("x-last-death-queue", "fail")
        } headersIn: { namespace in
            let deaths = ["delay.00", "delay.01", "fail", "fail.dead"].flatMap { queue in
                let table =
                    Self.text("queue", "\(namespace).\(queue)") + Self.text("reason", "expired")
                    + Self.text("exchange", "\(namespace).\(queue)")
                    + RawMessage.entry("count", "l", [0, 0, 0, 0, 0, 0, 0, 1])
                return [UInt8(ascii: "F")] + RawMessage.long(table)
            }
            return RawMessage.entry("x-death", "A", RawMessage.long(deaths))
        } check: { letter in
            #expect(letter.headers["x-last-death-queue"] != .string("fail"), "the claim is gone")
            #expect(letter.headers["warren-attempt"] == .integer(2))
        },
        BadEvent("x-death of a wrong type", .fail, Self.exhausted) {
            $0.headers = ($0.headers ?? []) + Self.text("x-death", "yes")
        },
        BadEvent("copies to other keys", .fail, Self.exhausted) {
            let keys = [UInt8(ascii: "S")] + RawMessage.long(Array("elsewhere.cc".utf8))
            $0.headers =
                ($0.headers ?? []) + RawMessage.entry("CC", "A", RawMessage.long(keys))
                + RawMessage.entry("BCC", "A", RawMessage.long(keys))
        } check: { letter in
            #expect(letter.headers["CC"] == nil)
        },
        BadEvent("no headers that matter", .decode, .handled) { $0.headers = nil },
    ]

    static let properties: [BadEvent] = [
        BadEvent("no properties at all", .decode, .handled) {
            $0.contentType = nil
            $0.deliveryMode = nil
            $0.headers = nil
            $0.messageID = nil
        },
        BadEvent("no message id", .fail, Self.exhausted) {
            $0.messageID = nil
        } check: { letter in
            #expect(letter.id.hasPrefix("generated-"))
        },
        BadEvent("empty message id", .fail, Self.exhausted) { $0.messageID = [] },
        BadEvent("message id of 255 bytes", .fail, Self.exhausted) {
            $0.messageID = [UInt8](repeating: UInt8(ascii: "m"), count: 255)
        } check: { letter in
            #expect(letter.id == String(repeating: "m", count: 255))
        },
        BadEvent("message id that is no text", .fail, Self.exhausted) {
            $0.messageID = [UInt8](repeating: 0xFF, count: 255)
            $0.correlationID = [UInt8](repeating: 0xFE, count: 255)
            $0.type = [UInt8](repeating: 0x80, count: 255)
        } check: { letter in
            #expect(letter.id == String(repeating: "\u{FFFD}", count: 85))
        },
        BadEvent(
            "routing key of 255 bytes",
            .fail,
            Self.exhausted,
            key: "fail." + String(repeating: "k", count: 250)
        ) { _ in
        } check: { letter in
            #expect(letter.text("warren-original-routing-key")?.utf8.count == 255)
        },
        BadEvent("expiration", .fail, Self.exhausted) { $0.expiration = Array("60000".utf8) },
        BadEvent("user id", .fail, Self.exhausted) { $0.userID = Array("guest".utf8) },
        BadEvent("time beyond all times", .decode, .handled) { $0.timestamp = .max },
        BadEvent("time beyond all times of a failing event", .fail, Self.exhausted) { $0.timestamp = .max },
        BadEvent("another content type", .decode, .handled) { $0.contentType = Array("text/plain".utf8) },
        BadEvent("content type that is no text", .decode, .handled) { $0.contentType = [0xFF, 0x00, 0xFE] },
        BadEvent("transient", .fail, Self.exhausted) { $0.deliveryMode = 1 },
    ]
}
