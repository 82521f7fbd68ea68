import EventRows
import Invoking
import Messaging
import Testing

@testable import Webhooks

/// The table of `EventReader` as an endpoint sees it.
struct EventRowTests {
    private func view(_ delivery: Delivery) -> EventView {
        let attributes = EventAttributes(delivery)
        return EventView(
            Invocation(
                id: 1,
                delivery: delivery,
                attributes: attributes,
                resolvedID: delivery.eventIDOverride(attributes),
                attempt: 1,
                maxAttempts: 1,
                originalRoutingKey: nil
            )
        )
    }

    /// Nil for what an endpoint is told among the further attributes.
    private func text(_ attribute: EventReader.Attribute, of event: EventView) -> String? {
        switch attribute {
        case .id: event.id
        case .source: event.source
        case .type: event.type
        case .subject: event.subject
        case .time: event.time
        case .contentType: event.contentType
        case .correlationID: event.correlationID
        case .causationID: event.causationID
        case .traceParent: event.traceParent
        case .traceState: event.traceState
        case .version: event.further.sorted.first { ["version", "dataversion"].contains($0.name) }?.value.text
        }
    }

    @Test(arguments: EventRow.all)
    func `an endpoint sees what the row says`(row: EventRow) {
        let event = self.view(row.delivery)
        if let id = row.id { #expect(event.id == id) } else { #expect(event.id.hasPrefix("generated-")) }
        if let refused = row.refused {
            guard case .invalid(let reason)? = event.flaw else {
                Issue.record("it was taken")
                return
            }
            #expect(reason.hasPrefix(refused), "\(reason)")
            #expect(event.payload.isEmpty)
        } else if event.coding == .none {
            if let payload = row.payload { #expect(event.text == payload && event.flaw == nil) }
            for (attribute, value) in row.seen {
                #expect(self.text(attribute, of: event) == value, "\(attribute)")
            }
            for attribute in row.unseen { #expect(self.text(attribute, of: event) == nil, "\(attribute)") }
        }
    }
}
