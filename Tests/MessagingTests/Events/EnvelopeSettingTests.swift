import EventRows
import Messaging
import Testing

struct EnvelopeSettingTests {
    private func set(_ values: [EventReader.Attribute: String], in text: String) throws -> String {
        String(decoding: try EventEnvelope.setting(values, in: Array(text.utf8)[...]), as: UTF8.self)
    }

    @Test(arguments: [
        (#"{"id":"a","data":1}"#, #"{"id":"new","data":1}"#),
        (#" { "data" : {"id":"x"} , "id" : "a" } "#, #" { "data" : {"id":"x"} , "id" : "new" } "#),
        (#"{"id":"a","id":"b"}"#, #"{"id":"new","id":"b"}"#),
        (#"{"i\u0064":"a"}"#, #"{"i\u0064":"new"}"#),
        (#"{"id":null}"#, #"{"id":"new"}"#),
        (#"{}"#, #"{"id":"new"}"#),
        (#"{ }"#, #"{"id":"new" }"#),
        (#"{"data":1.00}"#, #"{"id":"new","data":1.00}"#),
        ("\u{FEFF}{}", "\u{FEFF}{\"id\":\"new\"}"),
    ])
    func `a member gets another value, or is added, and nothing else changes`(text: String, result: String) throws {
        #expect(try self.set([.id: "new"], in: text) == result)
    }

    @Test func `several members change at once, whatever their order`() throws {
        let text = #"{"source":"s","data":{"a":[1]},"id":"a"}"#
        let result = try self.set(
            [.id: "\"\n", .source: "much longer than before", .type: "T", .subject: "S"],
            in: text
        )
        #expect(
            result
                == #"{"subject":"S","type":"T","source":"much longer than before","data":{"a":[1]},"id":"\"\n"}"#
        )
    }

    @Test func `what is no object is refused`() {
        #expect(throws: JSONScanner.Malformed.self) { try self.set([.id: "new"], in: "[]") }
    }

    /// Whatever envelope a consumer can read.
    @Test(arguments: EventRow.all.filter { $0.refused == nil })
    func `the new value is the one that is read`(row: EventRow) throws {
        guard let envelope = try? EventEnvelope(row.delivery.body) else { return }
        let bytes = try EventEnvelope.setting([.id: "new", .type: "T"], in: row.delivery.body)
        // One of the rows has as many members as are allowed.
        let isFull = row.description == "256 members"
        guard !isFull else {
            #expect(throws: EventReader.Refusal.self) { try EventEnvelope(bytes[...]) }
            return
        }
        let changed = try EventEnvelope(bytes[...])
        #expect(changed.attributes[.id] == "new" && changed.attributes[.type] == "T")
        #expect(changed.attributes[.source] == envelope.attributes[.source])
        #expect(try changed.payload() == envelope.payload())
    }
}
