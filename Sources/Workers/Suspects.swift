import DequeModule

/// Invocations that were in flight together when their worker died: which of them kills workers?
///
/// They run again in groups, each in a worker of its own, and a group whose worker dies is halved: a culprit among n
/// is found within log2 n more deaths, while the innocent lose no more time than their group takes. Only what was
/// alone when its worker died is a culprit. Pure: it neither runs nor ends anything.
struct Suspects<Element> {
    /// Larger groups stand before the halves of those that died, so that innocent ones are through early, and their
    /// results keep the waits between restarts short.
    private var groups = Deque<[Element]>()

    var isEmpty: Bool { self.groups.isEmpty }

    /// Takes in what a worker had not answered when it died.
    ///
    /// - Returns: the culprit, when it was alone.
    mutating func workerDied(over lost: [Element]) -> Element? {
        guard lost.count > 1 else { return lost.first }
        let middle = (lost.count + 1) / 2
        self.groups.append(Array(lost[..<middle]))
        self.groups.append(Array(lost[middle...]))
        return nil
    }

    /// Takes out those that are to run together, and with nothing else, in one worker.
    mutating func nextGroup() -> [Element]? { self.groups.popFirst() }

    /// Takes out all, whatever their group.
    mutating func removeAll() -> [Element] {
        defer { self.groups.removeAll() }
        return self.groups.flatMap { $0 }
    }
}
