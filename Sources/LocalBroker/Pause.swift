/// Sleeps even in a cancelled task: a node must be ended, and its processes reaped, in any case.
func pause(_ duration: Duration) async {
    await Task { try? await Task.sleep(for: duration) }.value
}

/// Asks repeatedly until the answer is true or the time is over.
///
/// - Returns: whether the answer was true.
func poll(every interval: Duration, for limit: Duration, until isDone: () async -> Bool) async -> Bool {
    let end = ContinuousClock.now + limit
    while true {
        if await isDone() { return true }
        if ContinuousClock.now >= end { return false }
        await pause(interval)
    }
}
