package import Manifests
import Messaging

/// Why an event cannot be delivered as the manifest asks. No further attempt can change that.
package struct Undeliverable: Error, Sendable, Equatable {
    package let reason: String
}

extension PayloadTemplate {
    /// Renders the body for an event.
    package func render(_ event: EventView) throws(Undeliverable) -> [UInt8] {
        let needsPayload = self.payloadPlaceholders > 0
        if needsPayload, event.flaw == .missing {
            throw Undeliverable(
                reason: EventEnvelope.noPayload + ", and the template uses parts of the payload"
            )
        }
        if needsPayload, let coding = event.coding.fieldValue {
            throw Undeliverable(
                reason: "the template uses parts of the payload, which is compressed (content-encoding \(coding))"
            )
        }
        do throws(JSONScanner.Malformed) {
            if needsPayload { try JSONScanner.check(event.payload) }
        } catch {
            throw Undeliverable(reason: "the template uses parts of the payload, which is \(error)")
        }
        if needsPayload, String(validating: event.payload, as: UTF8.self) == nil {
            throw Undeliverable(reason: "the template uses parts of the payload, which is not UTF-8")
        }
        var body: [UInt8] = []
        for segment in self.segments {
            switch segment {
            case .literal(let bytes): body.append(contentsOf: bytes)
            case .placeholder(let placeholder): try Self.append(placeholder, event, to: &body)
            }
        }
        return body
    }

    /// The number of placeholders that refer to the payload.
    var payloadPlaceholders: Int {
        self.segments.count { segment in
            switch segment {
            case .placeholder(let placeholder):
                switch placeholder.reference {
                case .payload: true
                case .attribute: false
                }
            case .literal: false
            }
        }
    }

    private static func append(
        _ placeholder: Placeholder,
        _ event: EventView,
        to body: inout [UInt8]
    ) throws(Undeliverable) {
        switch placeholder.reference {
        case .payload(let path):
            // The payload has been checked, so `find` does not throw.
            guard let range = (try? JSONScanner.find(path, in: event.payload)).flatMap({ $0 }) else {
                return try self.appendNothing(placeholder, to: &body)
            }
            self.append(event.payload[range], placeholder, to: &body)
        case .attribute(let attribute):
            guard let text = event.text(of: attribute) else { return try self.appendNothing(placeholder, to: &body) }
            if placeholder.isInString {
                JSONText.append(text.utf8, to: &body)
            } else {
                JSONText.appendString(text.utf8, to: &body)
            }
        }
    }

    private static func append(_ value: ArraySlice<UInt8>, _ placeholder: Placeholder, to body: inout [UInt8]) {
        if !placeholder.isInString {
            body.append(contentsOf: value)
        } else if value.first == UInt8(ascii: "\"") {
            // It is escaped already.
            body.append(contentsOf: value.dropFirst().dropLast())
        } else {
            JSONText.append(value, to: &body)
        }
    }

    private static func appendNothing(_ placeholder: Placeholder, to body: inout [UInt8]) throws(Undeliverable) {
        guard placeholder.isOptional else {
            throw Undeliverable(
                reason:
                    "the event has no \(placeholder.text), which the template needs; '\(placeholder.text)?' makes it "
                    + "optional"
            )
        }
        if !placeholder.isInString { body.append(contentsOf: "null".utf8) }
    }
}

extension EventView {
    fileprivate func text(of attribute: PayloadTemplate.Attribute) -> String? {
        switch attribute {
        case .id: self.id
        case .type: self.type
        case .source: self.source
        case .subject: self.subject
        case .time: self.time
        case .key: self.key
        case .correlationID: self.correlationID
        case .causationID: self.causationID
        }
    }
}
