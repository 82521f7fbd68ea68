import EventLoops
import Invoking
import Messaging

/// Composes the requests for a webhook's invocations, on any thread.
struct RequestComposer: Sendable {
    /// Composes the headers and the body for an invocation.
    typealias Compose = @Sendable (Invocation, AccessToken?) throws(Undeliverable) -> (HeaderBlock, ArraySlice<UInt8>)

    let compose: Compose
    /// Roughly how many bytes must be processed to compose the request.
    let effort: @Sendable (Invocation) -> Int

    init(
        effort: @escaping @Sendable (Invocation) -> Int = { $0.delivery.body.count },
        _ compose: @escaping Compose
    ) {
        self.compose = compose
        self.effort = effort
    }

    init(_ composer: DeliveryComposer, clock: WallClock) {
        self.init(effort: composer.effort) { (invocation, token) throws(Undeliverable) in
            try composer.compose(EventView(invocation), token: token?.text, now: clock.milliseconds / 1000)
        }
    }
}
