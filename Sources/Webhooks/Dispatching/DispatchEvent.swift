import Invoking

/// The events that `DispatchState` handles, and the actions that it returns.
extension DispatchState {
    enum Event: Equatable {
        /// An invocation is to be delivered. If it may be sent at once, it is sent with the next `flush`, or with an
        /// earlier event.
        ///
        /// - Parameter effort: how many bytes must be processed to compose its request.
        case invoked(InvocationID, effort: Int)
        /// The caller has no more invocations at the moment.
        case flush
        /// Requests that `compose` asked for are ready.
        case composed([InvocationID])
        /// No requests can be composed for these invocations, whether they were to be composed only or also sent.
        case notComposed([InvocationID: Undeliverable])
        /// Answers to requests that were sent.
        case answered([Answer])
        /// Answers to `fetchToken`.
        case tokenGranted(TokenGrant)
        case tokenRefused(reason: String)
        /// The pacing timer has fired.
        case pacingTimer
        /// The pause timer has fired.
        case pauseTimer
        /// An operator asks that the endpoint be tried now.
        case reconsider
        /// No invocation is running, and none follows.
        case stop
    }

    struct Answer: Equatable {
        let id: InvocationID
        let verdict: Verdict
        /// How long the request took.
        let nanoseconds: UInt64
    }

    enum Action: Equatable {
        /// Compose the requests of these invocations at once and send them, in this order.
        case send([InvocationID], AccessToken?)
        /// Compose the requests of these invocations on another thread: `composed` or `notComposed` follows for each.
        case compose([InvocationID], AccessToken?)
        /// Send these requests, which have been composed.
        case sendComposed([InvocationID])
        /// Ask the authorization server for an access token: `tokenGranted` or `tokenRefused` follows.
        case fetchToken
        /// These invocations have ended.
        case report([InvocationResult])
        /// The endpoint asks for a pause. It has not taken these invocations; the pipeline holds them or returns them
        /// to the queue.
        case reportPaused(reason: String, until: ContinuousClock.Instant?, notRun: [InvocationID])
        /// The pause is over: invocations may come.
        case reportReady
        /// Start the pacing timer, which is not running yet: `pacingTimer` follows after this time.
        case setPacingTimer(Duration)
        /// Move the pause timer: `pauseTimer` follows at this time only; never if it is `nil`.
        case setPauseTimer(ContinuousClock.Instant?)
        /// Let `flush` follow even if nothing else happens: the invocations that take the places of the ended ones wait
        /// for it.
        case flushAgain
        /// Release timers and connections: no action follows.
        case end
    }
}
