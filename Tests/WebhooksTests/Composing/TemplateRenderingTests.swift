import Manifests
import Messaging
import SeededGeneration
import Testing

@testable import Webhooks

struct TemplateRenderingTests {
    private static let order = #"""
        { "id": 17, "total": 12.50, "big": 12345678901234567890.10, "small": -1.0E-30, "note": "say \"hi\"\n\u00e9",
          "items": [ { "sku": "a/b" }, { "sku": null } ], "paid": true, "text": "Ünï 😀", "empty": "", "null": null }
        """#

    private func render(_ template: String, _ event: EventView) throws -> String {
        let body = try PayloadTemplate(template).render(event)
        try JSONScanner.check(body[...])
        return String(decoding: body, as: UTF8.self)
    }

    @Test(arguments: [
        // Where a value may stand it stays as the publisher wrote it, digits and all.
        ("{{ payload.id }}", "17"), ("[{{ payload.total }}]", "[12.50]"),
        ("{{ payload.big }}", "12345678901234567890.10"),
        ("{{ payload.small }}", "-1.0E-30"), ("{{ payload.paid }}", "true"), ("{{ payload.null }}", "null"),
        ("{{ payload.items.0 }}", #"{ "sku": "a/b" }"#), ("{{ payload.note }}", #""say \"hi\"\n\u00e9""#),
        // In a string it is its text, escaped.
        (#""no {{ payload.id }}!""#, #""no 17!""#), (#""{{ payload.total }}{{ payload.paid }}""#, #""12.50true""#),
        (#""{{ payload.note }}""#, #""say \"hi\"\n\u00e9""#), (#""{{ payload.text }}""#, #""Ünï 😀""#),
        (#""{{ payload.empty }}""#, #""""#), (#""{{ payload.null }}""#, #""null""#),
        (#""{{ payload.items.0 }}""#, #""{ \"sku\": \"a/b\" }""#), (#""{{ payload.items.0.sku }}""#, #""a/b""#),
        (#"{"{{ payload.id }}": 1}"#, #"{"17": 1}"#),
        // Attributes are texts.
        ("{{ id }}", #""e-1""#), (#""{{ id }} {{ type }} {{ source }}""#, #""e-1 shop.order.placed /shop""#),
        ("{{ subject }}", #""order 17""#), ("{{ time }}", #""2026-01-31T12:00:00Z""#),
        ("{{ key }}", #""order.placed""#),
        ("{{ correlationid }}", #""c-1""#), ("{{ causationid }}", #""e-0""#),
        // A template may have no places at all.
        (#" { "a" : 1 } "#, #" { "a" : 1 } "#),
    ])
    func `a place becomes its value`(template: String, body: String) throws {
        #expect(try self.render(template, .test(.full, headers: .full, Self.order)) == body)
    }

    @Test(arguments: [(#"{"a":1}"#, #"{"a":1}"#), (" [ 1 ] ", "[ 1 ]"), ("\n7", "7"), (#""text""#, #""text""#)])
    func `the payload as a whole stands without the space around it`(payload: String, value: String) throws {
        #expect(try self.render(#"{"all": {{ payload }}}"#, .test(payload)) == "{\"all\": \(value)}")
    }

    @Test(arguments: [
        ("{{ payload.missing }}", "payload.missing"), ("{{ payload.items.2 }}", "payload.items.2"),
        ("{{ payload.id.deeper }}", "payload.id.deeper"), ("\"{{ payload.items.sku }}\"", "payload.items.sku"),
        ("{{ subject }}", "subject"), ("{{ time }}", "time"), ("\"{{ causationid }}\"", "causationid"),
        // The first that is missing is named.
        ("[{{ payload.id }}, {{ payload.a? }}, {{ payload.b }}, {{ payload.c }}]", "payload.b"),
    ])
    func `what the event does not have makes it undeliverable`(template: String, missing: String) throws {
        let reason = "the event has no \(missing), which the template needs; '\(missing)?' makes it optional"
        #expect(throws: Undeliverable(reason: reason)) { try self.render(template, .test(Self.order)) }
    }

    @Test(arguments: [
        ("{{ payload.missing? }}", "null"), ("[{{ subject? }}]", "[null]"), ("\"a{{ payload.missing? }}b\"", "\"ab\""),
        ("\"{{ time? }}\"", "\"\""), ("{{ payload.id? }}", "17"), ("\"{{ payload.id? }}\"", "\"17\""),
        ("{{ payload.null? }}", "null"),
    ])
    func `what is optional may be missing`(template: String, body: String) throws {
        #expect(try self.render(template, .test(Self.order)) == body)
    }

    /// Whether the template is refused or finds nothing: no event may end the host's process.
    @Test func `a path to an element before the first leads nowhere`() async {
        await #expect(processExitsWith: .success) {
            guard let template = try? PayloadTemplate("[{{ payload.items.-1? }}]") else { return }
            let body = try? template.render(.test(#"{"items":[1]}"#))
            #expect(body == Array("[null]".utf8))
        }
    }

    @Test(arguments: [
        ("", "not JSON after byte 0"), ("text", "not JSON after byte 1"), ("{\"a\":1", "not JSON after byte 6"),
        ("{} x", "not JSON after byte 3"),
        (String(repeating: "[", count: 300), "nested deeper than 256 levels after byte 256"),
    ])
    func `a payload that is not JSON has no parts`(payload: String, flaw: String) throws {
        let reason = "the template uses parts of the payload, which is \(flaw)"
        for template in ["{{ payload }}", "{{ payload.a? }}", "[{{ id }}, \"{{ payload.a? }}\"]"] {
            #expect(throws: Undeliverable(reason: reason)) { try self.render(template, .test(payload)) }
        }
        // Who wants none does not look.
        #expect(try self.render("[{{ id }}, 1]", .test(payload)) == "[\"e-1\", 1]")
    }

    /// RFC 8259, section 8.1: JSON is UTF-8, and the body says that it is JSON.
    @Test func `a payload whose text is not UTF-8 has no parts either`() {
        let payload = Array(#"{"a":""#.utf8) + [0xff] + Array(#""}"#.utf8)
        #expect(throws: Undeliverable.self) { try PayloadTemplate("{{ payload.a }}").render(.test(body: payload)) }
    }

    @Test func `of an envelope the payload is its data, and the attributes are its own`() throws {
        let event = EventView.test(
            .test(contentType: "application/cloudevents+json"),
            #"{"id":"inner","subject":"s","data":{"a":1.0}}"#
        )
        #expect(try self.render("[{{ id }},{{ subject }},{{ payload.a }}]", event) == #"["inner","s",1.0]"#)
        #expect(throws: Undeliverable.self) { try self.render("{{ payload.id }}", event) }
    }

    @Test func `the content type plays no part`() throws {
        #expect(try self.render("{{ payload.a }}", .test(.test(contentType: "text/plain"), #"{"a":1}"#)) == "1")
    }

    /// Whatever stands in an event, it cannot leave its place.
    @Test(arguments: 1...100)
    func `any event makes JSON of a template that is`(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let alphabet: [Character] = [
            "\"", "\\", "/", "{", "}", ",", ":", "\n", "\0", "a", "é", "😀", "\u{7F}", "\u{2028}",
        ]
        func text() -> String { String((0..<8).map { _ in alphabet.randomElement(using: &random) ?? "a" }) }
        let (id, note) = (text(), text())
        var payload = Array(#"{"note":"#.utf8)
        JSONText.appendString(note.utf8, to: &payload)
        payload.append(UInt8(ascii: "}"))
        let template = try PayloadTemplate(
            #"{"a":"<{{ id }}|{{ payload.note }}|{{ payload }}>","b":{{ id }},"c":{{ payload.note }}}"#
        )
        let body = try template.render(.test(.test(id: id), body: payload))
        try JSONScanner.check(body[...])
        func member(_ name: String) throws -> String {
            let range = try #require(try JSONScanner.find([.member(name)], in: body[...]))
            return JSONText.unescaped(body[range].dropFirst().dropLast())
        }
        #expect(try member("a") == "<\(id)|\(note)|\(String(decoding: payload, as: UTF8.self))>")
        #expect(try member("b") == id)
        #expect(try member("c") == note)
    }
}
