import Messaging
import Testing

@testable import Manifests

struct PayloadTemplateTests {
    private static func placeholder(
        _ reference: PayloadTemplate.Reference,
        _ text: String,
        isInString: Bool = false,
        isOptional: Bool = false
    ) -> PayloadTemplate.Segment {
        .placeholder(.init(reference: reference, text: text, isInString: isInString, isOptional: isOptional))
    }

    private static func literal(_ text: String) -> PayloadTemplate.Segment { .literal(Array(text.utf8)) }

    @Test func `a template is its text with places in it`() throws {
        let template = try PayloadTemplate(
            #"{ "text": "No {{ payload.order.id }}, {{ subject? }}", "all": {{payload}}, "n": {{ payload.items.10? }}}"#
        )
        #expect(
            template.segments == [
                Self.literal(#"{ "text": "No "#),
                Self.placeholder(.payload([.member("order"), .member("id")]), "payload.order.id", isInString: true),
                Self.literal(", "),
                Self.placeholder(.attribute(.subject), "subject?", isInString: true, isOptional: true),
                Self.literal(#"", "all": "#),
                Self.placeholder(.payload([]), "payload"),
                Self.literal(#", "n": "#),
                Self.placeholder(
                    .payload([.member("items"), .element(10)]),
                    "payload.items.10?",
                    isOptional: true
                ),
                Self.literal("}"),
            ]
        )
    }

    @Test(arguments: PayloadTemplate.Attribute.allCases)
    func `each attribute has its name in CloudEvents`(attribute: PayloadTemplate.Attribute) throws {
        let names = ["id", "type", "source", "subject", "time", "key", "correlationid", "causationid"]
        #expect(names.contains(attribute.rawValue))
        let template = try PayloadTemplate("{{ \(attribute.rawValue) }}")
        #expect(template.segments == [Self.placeholder(.attribute(attribute), attribute.rawValue)])
    }

    @Test(
        arguments: [
            ("payload", []), ("payload.a", [.member("a")]), ("payload.0", [.element(0)]),
            ("payload.a_b-c", [.member("a_b-c")]),
            ("payload.größe.中", [.member("größe"), .member("中")]), ("payload.a1.1a", [.member("a1"), .member("1a")]),
            ("payload.payload.id", [.member("payload"), .member("id")]),
            ("payload.99999999999999999999", [.member("99999999999999999999")]),
        ] as [(String, [JSONScanner.Step])]
    )
    func `a path goes by names and numbers`(text: String, path: [JSONScanner.Step]) throws {
        #expect(try PayloadTemplate("{{\(text)}}").segments == [Self.placeholder(.payload(path), text)])
    }

    /// An element is counted from 0: the scanner that looks for one before it ends the process.
    @Test(arguments: ["payload.-1", "payload.items.-1", "payload.items.-99.id"])
    func `no path leads to an element with a negative number`(text: String) {
        guard let template = try? PayloadTemplate("{{ \(text) }}") else { return }
        for case .placeholder(let placeholder) in template.segments {
            guard case .payload(let path) = placeholder.reference else { continue }
            for case .element(let index) in path { #expect(index >= 0) }
        }
    }

    @Test(arguments: ["{{payload}}", "{{ payload }}", "{{  payload\t}}", "{{\n payload\n}}"])
    func `space in a placeholder plays no part`(text: String) throws {
        #expect(try PayloadTemplate(text).segments == [Self.placeholder(.payload([]), "payload")])
    }

    /// A quote that is escaped ends no string, and one that is not does.
    @Test(arguments: [
        (#"["{{ id }}"]"#, true), (#"["\"{{ id }}"]"#, true), (#"["\\",{{ id }}]"#, false), (#"["\\{{ id }}"]"#, true),
        (#"["\\\"{{ id }}"]"#, true), (#"["",{{ id }}]"#, false), (#"{"{{ id }}": 1}"#, true),
        (#"{"a": {{ id }}}"#, false),
        (#"["{", {{ id }}]"#, false), (#"["}}", {{ id }}]"#, false),
    ])
    func `a placeholder knows whether it stands in a string`(text: String, isInString: Bool) throws {
        let segments = try PayloadTemplate(text).segments
        #expect(segments.contains(Self.placeholder(.attribute(.id), "id", isInString: isInString)))
    }

    @Test func `a template without places is one text`() throws {
        #expect(try PayloadTemplate(#" {"a": "}}"} "#).segments == [Self.literal(#" {"a": "}}"} "#)])
    }

    @Test(
        arguments: [
            ("{{", .unclosed), ("{{ payload", .unclosed), ("{{ payload }", .unclosed), (#"["{{ id"]"#, .unclosed),
            ("{{}", .unclosed),
            ("{{}}", .reference("")), ("{{ }}", .reference("")), ("{{ ? }}", .reference("?")),
            ("{{ order }}", .reference("order")),
            ("{{ Payload }}", .reference("Payload")), ("{{ id.x }}", .reference("id.x")),
            ("{{ payload. }}", .reference("payload.")),
            ("{{ .payload }}", .reference(".payload")), ("{{ payload..a }}", .reference("payload..a")),
            ("{{ payload a }}", .reference("payload a")), ("{{ payload.a ? }}", .reference("payload.a ?")),
            ("{{ payload.a?? }}", .reference("payload.a??")), ("{{ payload[0] }}", .reference("payload[0]")),
            ("{{ payload.a|upper }}", .reference("payload.a|upper")), ("{{ id() }}", .reference("id()")),
            ("{{ data }}", .reference("data")), ("{{ payload.\"a\" }}", .reference("payload.\"a\"")),
            ("{{{ id }}}", .reference("{ id")), ("{{ {{ id }} }}", .reference("{{ id")),
        ] as [(String, PayloadTemplate.Problem)]
    )
    func `what names no part of an event is refused`(text: String, problem: PayloadTemplate.Problem) {
        #expect(throws: problem) { try PayloadTemplate(text) }
    }

    @Test(arguments: [
        ("", 1), ("text", 1), ("{\n\"a\": 1,\n}", 3), ("{\n\n\"a\" 1}", 3), ("{ \"a\": {{ id }}, }", 1),
        ("[1,\n{{ id }}\n{{ id }}]", 3),
        ("{{ id }}{{ id }}", 1), ("1{{ id }}", 1), ("{ {{ id }}: 1 }", 1), ("[\"a\n{{ id }}\"]", 1),
        ("[\"\\{{ id }}\"]", 1),
        ("{\"a\": \"{{ id }}}", 1),
    ])
    func `a template that is not JSON with its places filled in is refused at its line`(text: String, line: Int) {
        #expect(throws: PayloadTemplate.Problem.notJSON(line: line)) { try PayloadTemplate(text) }
    }

    /// What stands in the place would become part of the escape.
    @Test func `a place in the middle of an escape is refused`() {
        #expect(throws: PayloadTemplate.Problem.self) { try PayloadTemplate(#"["\u{{ id }}0041"]"#) }
        #expect(throws: PayloadTemplate.Problem.self) { try PayloadTemplate(#"["\u00{{ id }}41"]"#) }
    }
}
