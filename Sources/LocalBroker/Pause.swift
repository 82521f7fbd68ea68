/// Waits even in a cancelled task: a node is ended, and its processes reaped, no matter why.
func pause(_ duration: Duration) async {
    await Task { try? await Task.sleep(for: duration) }.value
}

/// Asks again and again until the answer is yes or the time is over.
///
/// - Returns: whether the answer was yes.
func poll(every interval: Duration, for limit: Duration, until isDone: () async -> Bool) async -> Bool {
    let end = ContinuousClock.now + limit
    while true {
        if await isDone() { return true }
        if ContinuousClock.now >= end { return false }
        await pause(interval)
    }
}
