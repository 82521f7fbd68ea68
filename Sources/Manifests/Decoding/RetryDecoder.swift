/// Reads `retry:`, which says how a failed event is tried again.
struct RetryDecoder {
    let document: MappingReader
    /// The defaults of the fields that are absent.
    var standard = RetryPolicy()

    /// - Returns: the policy, with defaults for fields that are absent, or wrong and reported.
    func decode() -> RetryPolicy {
        let standard = self.standard
        guard let retry = self.document.mapping("retry", allowed: ["maxAttempts", "backoff", "maxDeferrals"])
        else { return standard }
        return RetryPolicy(
            maxAttempts: retry.integer(
                "maxAttempts",
                in: RetryPolicy.allowedAttempts,
                default: standard.maxAttempts
            ),
            backoff: self.backoff(in: retry, standard: standard.backoff),
            maxDeferrals: retry.integer(
                "maxDeferrals",
                in: RetryPolicy.allowedDeferrals,
                default: standard.maxDeferrals
            )
        )
    }

    private func backoff(in retry: MappingReader, standard: Backoff) -> Backoff {
        guard let reader = retry.mapping("backoff", allowed: ["initial", "multiplier", "max", "jitter"])
        else { return standard }
        let reason = "longer delays do not fit the broker's delay queues"
        let backoff = Backoff(
            initial: reader.duration("initial", atMost: Backoff.longest, because: reason, default: standard.initial),
            multiplier: reader.decimal("multiplier", in: Backoff.allowedMultiplier, default: standard.multiplier),
            max: reader.duration("max", atMost: Backoff.longest, because: reason, default: standard.max),
            jitter: reader.decimal("jitter", in: Backoff.allowedJitter, default: standard.jitter)
        )
        if backoff.initial > backoff.max {
            let place = (reader.entry("initial") ?? reader.entry("max"))?.value.location ?? reader.location
            let (initial, max) = (ManifestDuration.format(backoff.initial), ManifestDuration.format(backoff.max))
            self.document.problems.report(
                "'initial' (\(initial)) is longer than 'max' (\(max))",
                at: place,
                remedy: "raise 'max' or lower 'initial'"
            )
        }
        return backoff
    }
}
