import Invoking

/// What a `DispatchState` is told, and what it says.
extension DispatchState {
    enum Event: Equatable {
        /// An invocation is to be delivered. If it may go at once, it does so with the next `flush`, or with what
        /// happens before.
        ///
        /// - Parameter effort: how many bytes composing its request goes through.
        case invoked(InvocationID, effort: Int)
        /// Whoever invokes has no more at the moment.
        case flush
        /// Requests of `compose` are ready.
        case composed([InvocationID])
        /// No requests can be made of these, whether they were to be composed or sent.
        case notComposed([InvocationID: Undeliverable])
        /// Answers to what was sent.
        case answered([Answer])
        /// Answers to `fetchToken`.
        case tokenGranted(TokenGrant)
        case tokenRefused(reason: String)
        /// The time of `setPacingTimer` has passed.
        case pacingTimer
        /// The time of `setPauseTimer` has passed.
        case pauseTimer
        /// An operator wants the endpoint to be tried now.
        case reconsider
        /// Nothing runs any more, and no invocations follow.
        case stop
    }

    struct Answer: Equatable {
        let id: InvocationID
        let verdict: Verdict
        /// How long it took.
        let nanoseconds: UInt64
    }

    enum Action: Equatable {
        /// Compose the requests of these invocations at once and send them, in this order.
        case send([InvocationID], AccessToken?)
        /// Compose the requests of these invocations beside the loop: `composed` or `notComposed` follows for each.
        case compose([InvocationID], AccessToken?)
        /// Send what has been composed.
        case sendComposed([InvocationID])
        /// Ask the authorization server for an access token: `tokenGranted` or `tokenRefused` follows.
        case fetchToken
        /// These invocations have ended.
        case report([InvocationResult])
        /// The endpoint wants a pause. It has not taken these invocations, which go back to whoever gave them.
        case reportPaused(reason: String, until: ContinuousClock.Instant?, notRun: [InvocationID])
        /// The pause is over: invocations may come.
        case reportReady
        /// `pacingTimer` follows after this time. There is none yet.
        case setPacingTimer(Duration)
        /// `pauseTimer` follows at this time, and not at the one that was set before; never if it is nil.
        case setPauseTimer(ContinuousClock.Instant?)
        /// What takes the place of what has ended waits for another flush, which has to come without anything
        /// happening.
        case flushAgain
        /// Nothing follows: let go of timers and connections.
        case end
    }
}
