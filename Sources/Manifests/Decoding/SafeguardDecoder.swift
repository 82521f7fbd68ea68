/// Reads the fields that limit the damage of a misbehaving function: `limits:`, `recycle:` and `breaker:`.
struct SafeguardDecoder {
    let document: MappingReader

    func limits() -> ResourceLimits {
        guard let reader = self.document.mapping("limits", allowed: ["memory", "openFiles", "cpuTime"])
        else { return ResourceLimits() }
        return ResourceLimits(
            memory: reader.size("memory", in: ResourceLimits.allowedMemory, example: "256MiB"),
            openFiles: reader.integer("openFiles", in: ResourceLimits.allowedOpenFiles, example: 256),
            cpuTime: reader.wholeSeconds("cpuTime", in: ResourceLimits.allowedCPUTime, example: "10m")
        )
    }

    func recycle() -> RecyclePolicy {
        guard let reader = self.document.mapping("recycle", allowed: ["afterEvents", "afterTime"])
        else { return RecyclePolicy() }
        return RecyclePolicy(
            afterEvents: reader.integer("afterEvents", in: RecyclePolicy.allowedEvents, example: 100_000),
            afterTime: reader.duration("afterTime", in: RecyclePolicy.allowedTime, example: "6h")
        )
    }

    /// - Returns: `nil` if the manifest has no breaker; a field that a breaker leaves out has its default.
    func breaker() -> BreakerPolicy? {
        guard let reader = self.document.mapping("breaker", allowed: ["failures", "window", "pause"])
        else { return nil }
        let standard = BreakerPolicy()
        return BreakerPolicy(
            failures: reader.integer("failures", in: BreakerPolicy.allowedFailures, default: standard.failures),
            window: reader.duration("window", in: BreakerPolicy.allowedWindow, default: standard.window),
            pause: reader.duration("pause", in: BreakerPolicy.allowedPause, default: standard.pause)
        )
    }
}
