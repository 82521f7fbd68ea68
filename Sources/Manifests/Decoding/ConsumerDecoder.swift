/// Reads the simple fields that functions and webhooks have in common.
struct ConsumerDecoder {
    /// Why the time for one invocation is limited, as the end of a message.
    static let consumerTimeout =
        "the broker takes an event back that is not settled within its consumer timeout of 30 minutes"

    let document: MappingReader

    func name(example: String) -> String? {
        self.document.text(self.document.requiredEntry("name", example: example)) { text throws(ManifestName.Problem) in
            try ManifestName.check(text)
            return text
        }
    }

    func queue() -> String? {
        self.document.text(self.document.entry("queue")) { text throws(ManifestName.Problem) in
            try ManifestName.checkBrokerObject(text, maximum: ManifestName.maximumQueueLength)
            return text
        }
    }

    func timeout(
        atMost longest: Duration,
        because reason: String = Self.consumerTimeout,
        default standard: Duration
    ) -> Duration {
        self.document.duration("timeout", atMost: longest, because: reason, default: standard)
    }

    /// - Parameter target: the key that names what is invoked.
    func locations(target: String) -> ConsumerManifest.Locations {
        let source = self.document.location
        let name = self.document.entry("name")?.value.location ?? source
        let events = self.document.entry("events")
        var exchange = events?.value.location ?? source
        if case .mapping(let entries) = events?.value.content,
            let entry = entries.first(where: { $0.key == "exchange" })
        {
            exchange = entry.value.location
        }
        return ConsumerManifest.Locations(
            source: source,
            name: name,
            target: self.document.entry(target)?.value.location ?? source,
            exchange: exchange,
            queue: self.document.entry("queue")?.value.location ?? name
        )
    }
}
