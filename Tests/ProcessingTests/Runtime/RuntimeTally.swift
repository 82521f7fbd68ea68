/// How often something happened on a walk.
struct RuntimeTally {
    var added = 0
    var committed = 0
    var switched = 0
    var refused = 0
    var unbound = 0
    var cameBack = 0
    var ended = 0
    var removedQueues = 0
    var closed = 0
}
