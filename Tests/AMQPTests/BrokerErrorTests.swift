import CRabbitMQ
import Messaging
import Testing

@testable import AMQP

struct BrokerErrorTests {
    private static let queue =
        "PRECONDITION_FAILED - inequivalent arg 'x-single-active-consumer' for queue 'warren.f' in vhost '/': received none"
    private static let exchange =
        "PRECONDITION_FAILED - inequivalent arg 'type' for exchange 'events' in vhost '/': received 'topic'"
    private static let late =
        "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms."
    private static let large = "PRECONDITION_FAILED - message size 20 is larger than configured max size 10"

    /// Whoever follows the advice must not lose a queue with events in it.
    @Test(arguments: [
        (Self.queue, "name another 'queue:' in the manifest, or delete this one when it is empty"),
        (Self.exchange, "name another one in the manifest"), (Self.late, "shorten 'timeout' in the manifest"),
        (Self.large, "see the broker's log"),
    ])
    func `what the broker refuses has its own advice`(text: String, advice: String) {
        let error = BrokerError.closed(code: 406, text: text, while: "declaring queue 'warren.f' at", at: nil)
        #expect(error.kind == .mismatch)
        #expect(error.description.contains(text) && error.description.contains(advice), "\(error)")
        #expect(error.description.contains("delete") == (text == Self.queue))
    }

    @Test func `a broken socket is told in words that say something`() {
        let words = BrokerError.words(AMQP_STATUS_SOCKET_ERROR.rawValue)
        #expect(words == "the network or the other side broke the connection, or does not take it")
        #expect(!BrokerError.words(AMQP_STATUS_NO_MEMORY.rawValue).isEmpty)
    }
}
