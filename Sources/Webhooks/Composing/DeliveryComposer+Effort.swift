import Invoking
import Messaging

extension DeliveryComposer {
    /// Roughly how many bytes must be processed to compose the request: the payload's size times the number of passes
    /// over it.
    func effort(_ invocation: Invocation) -> Int {
        let size = invocation.delivery.body.count
        let passes = self.passes + (invocation.delivery.isStructured ? Self.openingPasses : 0)
        return size * passes
    }

    /// One pass to check the envelope, one to find its members.
    private static let openingPasses = 2
}
