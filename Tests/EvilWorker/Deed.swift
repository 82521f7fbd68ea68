/// What an evil worker does wrong. It is named by the file name of the executable behind `evil-`, so that a manifest's
/// handler `evil-garbage/work` chooses the deed.
enum Deed: String {
    /// Speaks a version of the protocol that nobody knows.
    case oldProtocol = "old-protocol"
    /// Has functions, but not the one that is asked for.
    case otherFunction = "other-function"
    /// Writes bytes that are no frame.
    case garbage
    /// Announces a frame of four gigabytes.
    case giant
    /// Exits before it has said a word.
    case exits
    /// Never says hello.
    case silent
    /// Closes its socket at once and stays.
    case closes
    /// Closes its socket after hello and stays.
    case closesAfterHello = "closes-after-hello"
    /// Says that its function cannot be started.
    case startFails = "start-fails"
    /// Answers an invocation before it was ready.
    case early
    /// Exits when it has become ready.
    case diesReady = "dies-ready"
    /// Answers every invocation twice.
    case twice
    /// Answers an invocation that nobody gave it.
    case stranger
    /// Answers with an outcome that does not exist.
    case badOutcome = "bad-outcome"
    /// Answers with a result that ends in the middle.
    case cutResult = "cut-result"
    /// Does its work, and does not exit when it is asked to.
    case deaf
    /// Ignores every signal that can be ignored, and never answers.
    case stubborn
    /// Stops itself when it gets an invocation.
    case freezes
    /// Starts processes that keep all its descriptors, says which, and exits when it gets an invocation.
    case forks
    /// Starts a process in a session of its own, which keeps all its descriptors for a while, and exits when it gets an
    /// invocation.
    case deserts
    /// Closes its socket when it gets an invocation and stays.
    case hangsUp = "hangs-up"
}
