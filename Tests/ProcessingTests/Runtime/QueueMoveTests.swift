import Testing

@testable import Processing

struct QueueMoveTests {
    private var move = QueueMove()

    @Test mutating func `it is over when two looks in a row find nothing left`() {
        #expect(self.move.isOver(hasNothingToDo: true) == false, "something may have been on its way from the broker")
        #expect(self.move.isOver(hasNothingToDo: true) == true)
        #expect(self.move.isOver(hasNothingToDo: true) == true, "and stays so")
    }

    @Test mutating func `a look that finds something begins the count anew`() {
        #expect(self.move.isOver(hasNothingToDo: true) == false)
        #expect(self.move.isOver(hasNothingToDo: false) == false)
        #expect(self.move.isOver(hasNothingToDo: true) == false)
        #expect(self.move.isOver(hasNothingToDo: true) == true)
    }

    @Test mutating func `it is not waited for for ever when there are no workers to work it off`() {
        let patience = (1...).first { _ in self.move.isHopeless(hasWorkers: false) } ?? 0
        #expect(QueueMove.interval * patience >= .seconds(30), "workers may take long to start")
        #expect(self.move.isHopeless(hasWorkers: false) == true)
    }

    @Test mutating func `workers that come back begin the count anew`() {
        let patience = (1...).first { _ in self.move.isHopeless(hasWorkers: false) } ?? 0
        #expect(self.move.isHopeless(hasWorkers: true) == false)
        for _ in 1..<patience { #expect(self.move.isHopeless(hasWorkers: false) == false) }
        #expect(self.move.isHopeless(hasWorkers: false) == true)
    }

    @Test mutating func `it is unbound first and ended later, and neither is taken back`() {
        #expect(!self.move.isUnbound && !self.move.hasEnded)
        self.move.unbind()
        #expect(self.move.isUnbound && !self.move.hasEnded)
        self.move.end()
        #expect(self.move.isUnbound && self.move.hasEnded)
    }
}
