import Invoking

@testable import Processing

/// Something that can happen next in the small world. Printed, a list of them is the story of a fault.
enum ModelStep: Hashable {
    /// What is to take the place of a message, by the function that waits for it.
    struct Settling: Hashable {
        let place: ModelPlace
        let owner: Int
        let settlement: SettlementID
    }

    // The broker and the connections.
    case activate(ModelConsumer.ID)
    case deliver(ModelConsumer.ID)
    /// The next frame of a consumer's channel reaches the broker.
    case arrive(ModelConsumer.ID)
    case publishArrives(Settling)
    case confirm(Settling)
    /// A copy of a failed event comes back.
    case delayIsOver(Int)
    /// A publisher sends an event that it has sent before.
    case republish(ModelEvent)
    /// The first message of a queue has waited for longer than it may.
    case drop(queue: Int)

    // The functions.
    case ready(ModelPlace, InvokerSlot.ID)
    case begin(ModelPlace, InvocationID)
    case succeed(ModelPlace, InvocationID)
    case fail(ModelPlace, InvocationID)
    case putOff(ModelPlace, InvocationID)
    /// The endpoint does not take the event, and asks for a pause.
    case pause(ModelPlace, InvocationID, ModelPause)
    /// Somebody wants a function tried again that has paused itself for ever.
    case reconsider(ModelPlace, InvokerSlot.ID)

    // Faults.
    case loseConnection(host: Int)
    case reconnect(host: Int)
    /// The publishing connection is lost over something that has arrived: it is sent again.
    case loseConfirm(Settling)
    /// The broker goes on refusing what is to take a message's place, or it has no room for a copy's headers.
    case refuse(Settling, isTooLarge: Bool)
    /// The settler of a host that goes down waits no longer.
    case abandon(Settling)
    case crash(host: Int)
    case unavailable(ModelPlace)
    case workerDies(ModelPlace)
    case suspend(queue: Int)
    case resume(queue: Int)

    // Operators, and time.
    case changeOver(ModelPlace)
    case drain(host: Int)
    /// The function's manifest is gone.
    case remove(ModelPlace)
    /// It is there again.
    case bringBack(ModelPlace)
    /// The queue of a function that is gone is looked at, and deleted if it is to go and nothing is in it.
    case leaveQueue(ModelPlace)
    /// The clock that is due first.
    case tick
}

/// The pauses that an endpoint asks for.
enum ModelPause: CaseIterable {
    /// What has been delivered stays with the host.
    case short
    /// It goes back to the queue.
    case long
    /// Until somebody asks for another try: the endpoint says that it is gone.
    case endless

    var duration: Duration? {
        switch self {
        case .short: PauseHold.longestPause
        case .long: PauseHold.longestPause + .seconds(1)
        case .endless: nil
        }
    }
}

/// A promise that does not hold.
struct BrokenPromise: Error, CustomStringConvertible {
    let description: String
    var story: [ModelStep] = []

    init(_ description: String) { self.description = description }
}
