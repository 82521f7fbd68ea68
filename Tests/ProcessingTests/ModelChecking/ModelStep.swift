import Invoking

@testable import Processing

/// Something that can happen next in the small world. Printed, a list of them is the story of a fault.
enum ModelStep: Hashable {
    // The broker and the connections.
    case activate(ModelConsumer.ID)
    case deliver(ModelConsumer.ID)
    /// The next frame of a consumer's channel reaches the broker.
    case arrive(ModelConsumer.ID)
    case publishArrives(host: Int, SettlementID, queue: Int)
    case confirm(host: Int, SettlementID, queue: Int)
    /// A copy of a failed event comes back.
    case delayIsOver(Int)
    /// A publisher sends an event that it has sent before.
    case republish(ModelEvent)

    // The functions.
    case ready(host: Int, queue: Int, InvokerSlot.ID)
    case begin(host: Int, queue: Int, InvocationID)
    case succeed(host: Int, queue: Int, InvocationID)
    case fail(host: Int, queue: Int, InvocationID)

    // Faults.
    case loseConnection(host: Int)
    case reconnect(host: Int)
    /// The publishing connection is lost over something that has arrived: it is sent again.
    case loseConfirm(host: Int, SettlementID, queue: Int)
    case crash(host: Int)
    case unavailable(host: Int, queue: Int)
    case workerDies(host: Int, queue: Int)
    case suspend(queue: Int)
    case resume(queue: Int)

    // Operators, and time.
    case changeOver(host: Int, queue: Int)
    case drain(host: Int)
    /// The clock that is due first.
    case tick

    var isFault: Bool {
        switch self {
        case .activate, .deliver, .arrive, .publishArrives, .confirm, .delayIsOver, .ready, .begin, .succeed,
            .reconnect,
            .resume, .tick:
            false
        case .republish, .fail, .loseConnection, .loseConfirm, .crash, .unavailable, .workerDies, .suspend, .changeOver,
            .drain:
            true
        }
    }
}

/// How many of the steps that nobody hopes for may happen.
struct ModelBudget: Hashable {
    var republish = 0
    var fail = 0
    var loseConnection = 0
    var loseConfirm = 0
    var crash = 0
    var unavailable = 0
    var workerDies = 0
    var suspend = 0
    var changeOver = 0
    var drain = 0

    /// Of everything so many.
    static func each(_ count: Int) -> ModelBudget {
        ModelBudget(
            republish: count,
            fail: count,
            loseConnection: count,
            loseConfirm: count,
            crash: count,
            unavailable: count,
            workerDies: count,
            suspend: count,
            changeOver: count,
            drain: count
        )
    }
}

/// A promise that does not hold.
struct BrokenPromise: Error, CustomStringConvertible {
    let description: String
    var story: [ModelStep] = []

    init(_ description: String) { self.description = description }
}
