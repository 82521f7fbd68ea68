import Manifests
import Messaging
import Topology

/// Makes what takes the place of a delivery, as a settlement says. Pure.
struct ReplacementBuilder {
    let copies: CopyBuilder

    /// - Parameter now: milliseconds since 1970.
    func replacements(
        of held: HeldDelivery,
        by settlement: Settlement,
        _ version: PipelineVersion,
        now: Int64
    ) -> [Settler.Replacement] {
        switch settlement {
        case .acknowledge(let emitted):
            return self.replacements(emitted, by: held, version.manifest, now: now)
        case .retry(let delay, let history, let failure):
            let (message, level) = self.copies.retry(
                held.delivery,
                queue: version.topology.queue,
                function: version.manifest.name,
                origin: held.origin,
                after: delay,
                expiresAt: held.expiresAt,
                history: history,
                failure: failure
            )
            return [Settler.Replacement(message: message, level: level)]
        case .deadLetter(let reason, let history, let failure):
            let message = self.copies.deadLetter(
                held.delivery,
                queue: version.topology.queue,
                function: version.manifest.name,
                origin: held.origin,
                reason: reason,
                history: history,
                failure: failure,
                now: now
            )
            return [Settler.Replacement(message: message)]
        }
    }

    private func replacements(
        _ emitted: [EmittedEvent],
        by held: HeldDelivery,
        _ manifest: ConsumerManifest,
        now: Int64
    ) -> [Settler.Replacement] {
        let attributes = EventAttributes(held.delivery)
        let source = held.delivery.eventSource(attributes) ?? ""
        let cause = (source: source, id: held.delivery.eventID(attributes))
        return emitted.enumerated().map { number, event in
            let (message, level) = self.copies.emitted(
                event,
                number: number,
                by: manifest.name,
                for: cause,
                exchange: manifest.exchange,
                now: now
            )
            return Settler.Replacement(message: message, whenUnroutable: level == nil ? .park : .repair, level: level)
        }
    }
}
