/// An object that collects output during a turn of its loop and sends it together at the turn's end.
///
/// It asks for that with `EventLoop.flushAtTurnEnd(_:)` whenever it has collected something, so a turn visits only the
/// objects that have something to send.
package protocol Flushable: AnyObject {
    /// Whether it has asked to be flushed and was not flushed since. Begins as false, and only the loop changes it. It
    /// is a property of the object so that asking again, which happens with every event, needs neither a search nor an
    /// allocation.
    var isToBeFlushed: Bool { get set }

    /// Sends what was collected.
    func flush()
}
