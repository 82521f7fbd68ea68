import Invoking
import Messaging

extension DeliveryComposer {
    /// How many bytes composing goes through for an event, about: its payload, as many times as it is read.
    func effort(_ invocation: Invocation) -> Int {
        let size = invocation.delivery.body.count
        let passes = self.passes + (invocation.delivery.isStructured ? Self.openingPasses : 0)
        return size * passes
    }

    /// An envelope is checked, and its members are looked for.
    private static let openingPasses = 2
}
