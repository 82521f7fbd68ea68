package import Manifests
package import Messaging

/// Outcome × history × policy → settlement: the whole of what a runtime decides, as a pure function.
///
/// - Parameters:
///   - now: milliseconds since 1970, for the time of the first failure.
///   - random: from 0 up to but not including 1; lengthens a back-off by up to the policy's jitter.
package func decide(
    _ outcome: Outcome,
    after history: AttemptHistory,
    under policy: RetryPolicy,
    now: Int64,
    random: Double
) -> Settlement {
    var history = history
    switch outcome {
    case .done(let emitted):
        return .acknowledge(emitting: emitted)
    case .skipped:
        return .acknowledge(emitting: [])
    case .failed(let failure):
        return retry(failure, or: .exhausted)
    case .timedOut(let failure):
        return retry(failure, or: .timedOut)
    case .crashed(let failure):
        return retry(failure, or: .crashed)
    case .rejected(let failure):
        history.firstFailedAt = history.firstFailedAt ?? now
        return .deadLetter(.rejected, history, failure)
    case .undecodable(let failure):
        history.firstFailedAt = history.firstFailedAt ?? now
        return .deadLetter(.undecodable, history, failure)
    case .later(let delay, let failure):
        guard history.deferrals < policy.maxDeferrals else {
            let words =
                "put off \(history.deferrals) times, which is the limit (retry.maxDeferrals): \(failure.message)"
            return .deadLetter(.exhausted, history, Failure(type: failure.type, message: words))
        }
        history.deferrals += 1
        return .retry(after: delay, history, failure)
    }

    func retry(_ failure: Failure, or reason: DeadReason) -> Settlement {
        history.firstFailedAt = history.firstFailedAt ?? now
        guard history.attempt < policy.maxAttempts else { return .deadLetter(reason, history, failure) }
        let delay = policy.backoff.delay(afterAttempt: history.attempt, random: random)
        history.attempt += 1
        return .retry(after: delay, history, failure)
    }
}
