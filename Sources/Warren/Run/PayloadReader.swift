import FoundationEssentials
import Messaging
import WorkerProtocol

/// Turns a received invocation into an event for a function, or into the reason why it cannot be decoded.
struct PayloadReader<Payload: Decodable & Sendable>: Sendable {
    private let decoder: JSONDecoder
    private let wantsBytes: Bool

    init(decoder: JSONDecoder) {
        self.decoder = decoder
        self.wantsBytes = Payload.self == RawPayload.self
    }

    /// - Throws: An ``UndecodableEvent``, never anything else: invalid input has an outcome of its own.
    func read(_ received: ReceivedInvocation) throws(UndecodableEvent) -> (EventOrigin, Payload) {
        let payload = try ContentDecoding.payload(of: received)
        let contentType = received[.contentType] ?? ""
        if MediaType.isEnvelope(contentType) { return try self.readStructured(received, payload) }
        let origin = EventOrigin(received, envelope: nil)
        if self.wantsBytes {
            return (origin, try Self.raw([UInt8](payload), contentType: contentType))
        }
        return (origin, try self.decode(payload, at: "payload", contentType: contentType))
    }

    /// Reads an event in structured mode. `EventReader` says what is taken from an envelope and what is refused.
    private func readStructured(
        _ received: ReceivedInvocation,
        _ body: ArraySlice<UInt8>
    ) throws(UndecodableEvent) -> (EventOrigin, Payload) {
        let envelope: EventEnvelope
        let bytes: ArraySlice<UInt8>
        do throws(EventReader.Refusal) {
            envelope = try EventEnvelope(body)
            bytes = self.wantsBytes ? try envelope.payload() ?? [] : []
        } catch {
            throw UndecodableEvent(error.reason)
        }
        let origin = EventOrigin(received, envelope: envelope.attributes)
        if self.wantsBytes { return (origin, try Self.raw([UInt8](bytes), contentType: envelope.contentType)) }
        switch envelope.content {
        case .value(let value): return (origin, try self.decode(value, at: "envelope.data", contentType: ""))
        case .bytes(let bytes):
            return (origin, try self.decode(bytes[...], at: "envelope.data_base64", contentType: ""))
        case .none: throw UndecodableEvent(EventEnvelope.noPayload)
        }
    }

    private static func raw(_ bytes: [UInt8], contentType: String) throws(UndecodableEvent) -> Payload {
        let payload = RawPayload(bytes: bytes, contentType: contentType.isEmpty ? "application/json" : contentType)
        guard let payload = payload as? Payload else { throw UndecodableEvent("the payload is not wanted as bytes") }
        return payload
    }

    private func decode<Value: Decodable>(
        _ bytes: ArraySlice<UInt8>,
        at place: String,
        contentType: String
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
