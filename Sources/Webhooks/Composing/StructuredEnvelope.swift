import FoundationEssentials
import Messaging

/// An event in CloudEvents structured mode. A payload that is JSON stands in it as its publisher wrote it.
///
/// Source: CloudEvents JSON event format 1.0.2, section 3.1.
enum StructuredEnvelope {
    static func bytes(_ event: EventView) -> [UInt8] {
        var output = Array(#"{"specversion":"1.0""#.utf8)
        output.reserveCapacity(event.payload.count + 512)
        func add(_ name: StaticString, _ value: String?) {
            guard let value else { return }
            output.append(UInt8(ascii: ","))
            name.withUTF8Buffer { JSONText.appendString($0, to: &output) }
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
        if event.claimsJSON, (try? JSONScanner.check(event.payload)) != nil,
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
