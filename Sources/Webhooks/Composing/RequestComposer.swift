import EventLoops
import Invoking
import Messaging

/// Makes requests of a webhook's invocations, on whatever thread there is.
struct RequestComposer: Sendable {
    /// What an invocation is to its endpoint.
    typealias Compose = @Sendable (Invocation, AccessToken?) throws(Undeliverable) -> (HeaderBlock, ArraySlice<UInt8>)

    let compose: Compose
    /// How many bytes it goes through for that, about.
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
