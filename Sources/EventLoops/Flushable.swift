/// Something that collects during a turn of its loop what goes out together at the turn's end.
///
/// It asks for that with `EventLoop.flushAtTurnEnd(_:)` when it has been given something, so that a turn visits those
/// that have something to do and nobody else.
package protocol Flushable: AnyObject {
    /// It has asked and was not flushed since. The loop's own note, which begins as false and is nobody else's to
    /// change: it stands here so that asking again, which happens with every event, costs neither a search nor an
    /// allocation.
    var isToBeFlushed: Bool { get set }

    /// Sends out what was collected.
    func flush()
}
