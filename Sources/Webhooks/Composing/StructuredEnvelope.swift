import FoundationEssentials
import Messaging

/// Writes an event in CloudEvents structured mode. A payload that is JSON is embedded as its publisher wrote it.
///
/// Source: CloudEvents JSON event format 1.0.2, sections 2.2 (types; an integer has 32 bits) and 3.1.
enum StructuredEnvelope {
    /// The extension attribute that says how the bytes in `data_base64` are compressed. CloudEvents itself has none.
    private static let coding = "contentencoding"

    static func bytes(_ event: EventView) -> [UInt8] {
        var output = Array(#"{"specversion":"1.0""#.utf8)
        output.reserveCapacity(event.payload.count + 512)
        func add(_ name: String, _ value: String?) {
            guard let value else { return }
            output.append(UInt8(ascii: ","))
            JSONText.appendString(name.utf8, to: &output)
            output.append(UInt8(ascii: ":"))
            JSONText.appendString(value.utf8, to: &output)
        }
        add("id", event.id)
        add("type", event.type)
        add("source", event.source)
        add("subject", event.subject)
        add("time", event.time)
        add("correlationid", event.correlationID)
        add("causationid", event.causationID)
        add("datacontenttype", event.contentType)
        for attribute in event.further.sorted where attribute.name != Self.coding {
            switch attribute.value {
            case .integer(let value) where Int32(exactly: value) == nil: add(attribute.name, "\(value)")
            case .integer, .boolean:
                // The name needs no escaping: it consists of letters and digits.
                output.append(contentsOf: ",\"\(attribute.name)\":\(attribute.value.text)".utf8)
            case .text(let text): add(attribute.name, text)
            }
        }
        add(Self.coding, event.coding.fieldValue)
        if event.coding == .none, event.claimsJSON, (try? JSONScanner.check(event.payload)) != nil,
            String(validating: event.payload, as: UTF8.self) != nil
        {
            output.append(contentsOf: #","data":"#.utf8)
            output.append(contentsOf: event.payload)
        } else if !event.payload.isEmpty {
            add("data_base64", Data(event.payload).base64EncodedString())
        }
        output.append(UInt8(ascii: "}"))
        return output
    }
}
