import FoundationEssentials
import WorkerProtocol

/// Turns a received invocation into an event for a function, or into the reason why that cannot be done.
struct PayloadReader<Payload: Decodable & Sendable>: Sendable {
    private let decoder: JSONDecoder
    private let wantsBytes: Bool

    init(decoder: JSONDecoder) {
        self.decoder = decoder
        self.wantsBytes = Payload.self == RawPayload.self
    }

    /// - Throws: An ``UndecodableEvent``, never anything else: what publishers send is an answer, not an accident.
    func read(_ received: ReceivedInvocation) throws(UndecodableEvent) -> (EventOrigin, Payload) {
        let payload = try ContentDecoding.payload(of: received)
        let contentType = received[.contentType] ?? ""
        if Self.isStructured(contentType) { return try self.readStructured(received, payload) }
        let origin = EventOrigin(received, envelope: nil)
        if self.wantsBytes {
            return (origin, try Self.raw([UInt8](payload), contentType: contentType))
        }
        return (origin, try self.decode(payload, at: "payload", contentType: contentType))
    }

    /// The media type alone decides; parameters and capitals do not matter (RFC 9110, section 8.3.1).
    private static func isStructured(_ contentType: String) -> Bool {
        guard contentType.utf8.count >= 28 else { return false }
        let media = contentType.prefix { $0 != ";" && $0 != " " }
        return media.lowercased() == "application/cloudevents+json"
    }

    private func readStructured(
        _ received: ReceivedInvocation,
        _ payload: ArraySlice<UInt8>
    ) throws(UndecodableEvent) -> (EventOrigin, Payload) {
        if self.wantsBytes { return try self.readStructuredBytes(received, payload) }
        let envelope = try self.decode(payload, at: "envelope", contentType: "", as: Envelope<Payload>.self)
        let origin = EventOrigin(received, envelope: envelope.attributes)
        switch envelope.data {
        case .value(let payload): return (origin, payload)
        case .base64(let bytes):
            return (origin, try self.decode(bytes[...], at: "envelope.data_base64", contentType: ""))
        case .none: throw UndecodableEvent("envelope: neither data nor data_base64 is there")
        }
    }

    private func readStructuredBytes(
        _ received: ReceivedInvocation,
        _ payload: ArraySlice<UInt8>
    ) throws(UndecodableEvent) -> (EventOrigin, Payload) {
        let envelope = try self.decode(payload, at: "envelope", contentType: "", as: Envelope<JSONValue>.self)
        let contentType = envelope.attributes[.contentType] ?? "application/json"
        let bytes: [UInt8]
        switch envelope.data {
        case .base64(let content): bytes = content
        case .none: bytes = []
        // Text of another type than JSON stands in the envelope as a string, and the string is the data.
        case .value(.text(let text)) where !contentType.lowercased().contains("json"): bytes = Array(text.utf8)
        case .value(let value):
            do {
                bytes = [UInt8](try JSONEncoder.warren.encode(value))
            } catch {
                throw UndecodableEvent("envelope.data: cannot be written again as JSON")
            }
        }
        return (
            EventOrigin(received, envelope: envelope.attributes), try Self.raw(bytes, contentType: contentType)
        )
    }

    private static func raw(_ bytes: [UInt8], contentType: String) throws(UndecodableEvent) -> Payload {
        let payload = RawPayload(bytes: bytes, contentType: contentType.isEmpty ? "application/json" : contentType)
        guard let payload = payload as? Payload else { throw UndecodableEvent("the payload is not wanted as bytes") }
        return payload
    }

    private func decode<Value: Decodable>(
        _ bytes: ArraySlice<UInt8>,
        at place: String,
        contentType: String,
        as: Value.Type = Value.self
    ) throws(UndecodableEvent) -> Value {
        guard !bytes.isEmpty else { throw UndecodableEvent("\(place): empty, and JSON was expected") }
        do {
            return try self.decoder.decode(Value.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw UndecodableEvent(error, at: place, contentType: contentType)
        } catch {
            throw UndecodableEvent("\(place): \(error)")
        }
    }
}
