import FoundationEssentials
package import Manifests
import Messaging

/// Composes the HTTP request for an event as the webhook's manifest asks. Pure: the same event in the same second gives
/// the same request.
///
/// Sources: CloudEvents HTTP binding 1.0.2, sections 3.1 (binary) and 3.2 (structured); Standard Webhooks 1.0.0.
package struct DeliveryComposer: Sendable {
    private let format: WebhookManifest.Format
    private let template: PayloadTemplate?
    private let signer: WebhookSigner
    /// Static headers and authentication, which precede all other headers.
    private let constantHeaders: HeaderBlock
    /// Whether the manifest sets `Content-Encoding` itself. Its value then wins.
    private let hasOwnCoding: Bool
    /// The number of passes over a payload; 0 if it is sent as it came and is not signed.
    let passes: Int

    package init(_ manifest: WebhookManifest, _ credentials: WebhookCredentials) {
        self.format = manifest.format
        self.template = manifest.template
        self.signer = WebhookSigner(credentials.secrets)
        var headers = HeaderBlock()
        // Without this libcurl sends `Expect: 100-continue` before a large body, and waits a second for the answer.
        headers.add(name: "Expect", "")
        for header in credentials.headers { headers.add(name: header.name, header.value) }
        switch credentials.authentication {
        case .bearer(let token)?: headers.add("Authorization", "Bearer \(token)")
        case .basic(let user, let password)?:
            let pair = Data("\(user):\(password)".utf8).base64EncodedString()
            headers.add("Authorization", "Basic \(pair)")
        case .apiKey(let header, let value)?: headers.add(name: header, value)
        case .oauth2?, nil: break
        }
        self.constantHeaders = headers
        self.hasOwnCoding = credentials.headers.contains { $0.name.lowercased() == "content-encoding" }
        self.passes = credentials.secrets.count + Self.passes(manifest)
    }

    /// A template makes one pass to check the payload and one for each placeholder; an envelope makes one to check it
    /// and one to embed it.
    private static func passes(_ manifest: WebhookManifest) -> Int {
        if let template = manifest.template {
            return template.payloadPlaceholders == 0 ? 0 : 1 + template.payloadPlaceholders
        }
        return switch manifest.format {
        case .binary: 0
        case .structured: 2
        }
    }

    /// Whether the payload is sent unchanged as the body.
    private var sendsPayloadUnchanged: Bool { self.template == nil && self.format == .binary }

    /// - Parameters:
    ///   - token: the OAuth 2 access token, if the webhook uses one.
    ///   - now: the time of this attempt, in seconds since 1970.
    package func compose(
        _ event: EventView,
        token: String?,
        now: Int64
    ) throws(Undeliverable) -> (headers: HeaderBlock, body: ArraySlice<UInt8>) {
        let (contentType, body) = try self.body(event)
        let id = AttributeEncoding.id(event.id)
        var headers = self.constantHeaders
        if let token { headers.add("Authorization", "Bearer \(token)") }
        headers.add("content-type", contentType)
        if self.sendsPayloadUnchanged, !self.hasOwnCoding, let coding = event.coding.fieldValue {
            headers.add("content-encoding", coding)
        }
        headers.add("webhook-id", id)
        headers.add("webhook-timestamp", "\(now)")
        do {
            if let signature = try self.signer.signature(id: id, timestamp: now, body: body) {
                headers.add("webhook-signature", signature)
            }
        } catch {
            throw Undeliverable(reason: "the delivery cannot be signed: \(error)")
        }
        if self.format == .binary { Self.add(attributesOf: event, to: &headers) }
        if let traceParent = event.traceParent {
            headers.add("traceparent", traceParent)
            if let traceState = event.traceState { headers.add("tracestate", traceState) }
        }
        return (headers, body)
    }

    private func body(_ event: EventView) throws(Undeliverable) -> (contentType: String, ArraySlice<UInt8>) {
        if case .invalid(let reason)? = event.flaw { throw Undeliverable(reason: reason) }
        if let template = self.template { return ("application/json", try template.render(event)[...]) }
        switch self.format {
        case .binary:
            guard event.flaw == nil else {
                throw Undeliverable(
                    reason: EventEnvelope.noPayload + ", and the body would be empty; "
                        + "'format: structured' delivers events without data"
                )
            }
            return (event.contentType, event.payload)
        case .structured:
            return ("application/cloudevents+json; charset=UTF-8", StructuredEnvelope.bytes(event)[...])
        }
    }

    private static func add(attributesOf event: EventView, to headers: inout HeaderBlock) {
        headers.add("ce-specversion", "1.0")
        headers.add("ce-id", AttributeEncoding.header(event.id))
        headers.add("ce-type", AttributeEncoding.header(event.type))
        headers.add("ce-source", AttributeEncoding.header(event.source))
        if let time = event.time { headers.add("ce-time", AttributeEncoding.header(time)) }
        if let subject = event.subject { headers.add("ce-subject", AttributeEncoding.header(subject)) }
        headers.add("ce-correlationid", AttributeEncoding.header(event.correlationID))
        if let cause = event.causationID { headers.add("ce-causationid", AttributeEncoding.header(cause)) }
        for attribute in event.further.sorted {
            headers.add(name: "ce-\(attribute.name)", AttributeEncoding.header(attribute.value.text))
        }
    }
}
